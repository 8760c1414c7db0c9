// Checks with npm `razorpay`.

import assert from "node:assert/strict";

import {
  act, create, credentials, load, named, notice, simulator, verified,
} from "./world.mjs";

const ORDER = "ord_0000400000002";
const SECRET = credentials.RAZORPAY_WEBHOOK_SECRET;

const draftOf = (name) => (reference) => ({
  amount: 250_000,
  currency: "INR",
  reference_id: reference,
  description: "Tickets",
  expire_by: Math.floor(Date.now() / 1000) + 1900,
  callback_url: "https://tickets.example/thanks",
  callback_method: "get",
  notes: { order: name },
});

/** The checks, in their order. */
export async function razorpay() {
  const Razorpay = load("razorpay");
  const { validatePaymentVerification } = load("razorpay/dist/utils/razorpay-utils");
  const { RAZORPAY_KEY_ID: key_id, RAZORPAY_KEY_SECRET: key_secret } = credentials;
  const sdk = new Razorpay({ key_id, key_secret });
  sdk.api.rq.defaults.baseURL = `${simulator}/razorpay`;
  const draft = draftOf(await named(ORDER));
  let link;
  let told;

  return [
    ["npm razorpay: a link is made, and one only for a reference", async () => {
      link = await sdk.paymentLink.create(draft("reference-1"));
      assert.equal(link.status, "created");
      assert.equal((await sdk.paymentLink.fetch(link.id)).short_url, link.short_url);
      await assert.rejects(sdk.paymentLink.create(draft("reference-1")), { statusCode: 400 });
    }],
    ["npm razorpay: the SDK believes what is told of a payment", async () => {
      const { return_url } = await act("razorpay", link.id, "pay");
      told = await notice("razorpay", ({ body }) => body.includes("payment_link.paid"));
      const signature = told.headers["x-razorpay-signature"];
      assert.ok(Razorpay.validateWebhookSignature(told.body, signature, SECRET));
      assert.ok(!Razorpay.validateWebhookSignature(told.body, signature, "another"));
      const query = new URL(return_url).searchParams;
      const names = ["payment_link_id", "payment_id", "payment_link_reference_id"];
      const back = [...names, "payment_link_status"].map((name) => {
        return [name, query.get(`razorpay_${name}`)];
      });
      const brought = query.get("razorpay_signature");
      assert.ok(validatePaymentVerification(Object.fromEntries(back), brought, key_secret));
    }],
    ["npm razorpay: an adapter believes what the SDK does", async () => {
      const { said } = await verified("razorpay", told);
      assert.equal(said.length, 1);
      const { order, outcome, amount, currency } = said[0];
      const expected = { order: ORDER, outcome: "captured", amount: 250_000, currency: "INR" };
      assert.deepEqual({ order, outcome, amount, currency }, expected);
      const changed = { ...told, body: told.body.replace("250000", "250001") };
      assert.ok((await verified("razorpay", changed)).error);
    }],
    ["npm razorpay: money goes back, and no more than came", async () => {
      const { payments } = await sdk.paymentLink.fetch(link.id);
      const { payment_id } = payments[0];
      assert.equal((await sdk.payments.fetch(payment_id)).status, "captured");
      const refund = await sdk.payments.refund(payment_id, { amount: 100_000, speed: "normal" });
      assert.equal(refund.status, "processed");
      const all = await sdk.payments.fetchMultipleRefund(payment_id);
      assert.deepEqual(all.items.map(({ id }) => id), [refund.id]);
      await assert.rejects(sdk.payments.refund(payment_id, { amount: 150_001 }), {
        statusCode: 400,
      });
    }],
    ["npm razorpay: a link ends when it is told to", async () => {
      const { id } = await sdk.paymentLink.create(draft("reference-2"));
      assert.equal((await sdk.paymentLink.cancel(id)).status, "cancelled");
      await assert.rejects(sdk.paymentLink.fetch("plink_none"), { statusCode: 400 });
    }],
    ["npm razorpay: the SDK finds what an adapter made", async () => {
      const wish = { order: ORDER, amount: 70_000, currency: "INR" };
      const { reference, url } = await create("razorpay", wish);
      const made = await sdk.paymentLink.fetch(reference);
      assert.equal(made.short_url, url);
      assert.equal(made.amount, 70_000);
    }],
  ];
}
