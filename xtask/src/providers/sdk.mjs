// All checks with SDKs for Node.js.

import { payos } from "./payos.mjs";
import { paypal } from "./paypal.mjs";
import { razorpay } from "./razorpay.mjs";
import { stripe } from "./stripe.mjs";
import { vnpay } from "./vnpay.mjs";
import { run } from "./world.mjs";

const all = [stripe, razorpay, paypal, payos, vnpay];
await run((await Promise.all(all.map((checks) => checks()))).flat());
