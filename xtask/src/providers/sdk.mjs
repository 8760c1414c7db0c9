// All checks with SDKs for Node.js.

import { payos } from "./payos.mjs";
import { razorpay } from "./razorpay.mjs";
import { stripe } from "./stripe.mjs";
import { vnpay } from "./vnpay.mjs";
import { run } from "./world.mjs";

await run([...(await stripe()), ...(await razorpay()), ...(await payos()), ...(await vnpay())]);
