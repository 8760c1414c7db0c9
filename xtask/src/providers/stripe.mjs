// Checks with npm `stripe`.

import assert from "node:assert/strict";

import { act, create, credentials, host, load, named, notice, verified } from "./world.mjs";

const ORDER = "ord_0000400000001";
const SECRET = credentials.STRIPE_WEBHOOK_SECRET;

const draftOf = (name) => () => ({
  mode: "payment",
  line_items: [
    {
      quantity: 1,
      price_data: { currency: "eur", unit_amount: 2500, product_data: { name: "Tickets" } },
    },
  ],
  success_url: "https://tickets.example/thanks",
  client_reference_id: name,
  metadata: { order: name },
  payment_intent_data: { metadata: { order: name } },
  expires_at: Math.floor(Date.now() / 1000) + 1900,
});

/** The checks, in their order. */
export async function stripe() {
  const Stripe = load("stripe");
  const { hostname, port } = await host("stripe");
  const sdk = new Stripe(credentials.STRIPE_SECRET_KEY, {
    host: hostname,
    port,
    protocol: "http",
    maxNetworkRetries: 0,
    telemetry: false,
  });
  const sessions = sdk.checkout.sessions;
  const name = await named(ORDER);
  const draft = draftOf(name);
  let session;
  let told;

  return [
    ["npm stripe: a session is made once for a key", async () => {
      const wish = draft();
      session = await sessions.create(wish, { idempotencyKey: "session-1" });
      const again = await sessions.create(wish, { idempotencyKey: "session-1" });
      assert.equal(again.id, session.id);
      assert.equal(session.status, "open");
      assert.equal(session.payment_status, "unpaid");
      assert.equal(session.amount_total, 2500);
      const other = { ...wish, client_reference_id: "another" };
      const refused = sessions.create(other, { idempotencyKey: "session-1" });
      await assert.rejects(refused, { type: "StripeIdempotencyError" });
    }],
    ["npm stripe: the SDK believes what is told of a payment", async () => {
      await act("stripe", session.id, "pay");
      told = await notice("stripe", ({ body }) => body.includes("checkout.session.completed"));
      const signature = told.headers["stripe-signature"];
      const event = sdk.webhooks.constructEvent(told.body, signature, SECRET);
      assert.equal(event.type, "checkout.session.completed");
      assert.equal(event.data.object.id, session.id);
      assert.equal(event.data.object.payment_status, "paid");
      const wrong = () => sdk.webhooks.constructEvent(told.body, signature, "whsec_another");
      assert.throws(wrong, { type: "StripeSignatureVerificationError" });
    }],
    ["npm stripe: an adapter believes what the SDK signs", async () => {
      const header = (secret) =>
        sdk.webhooks.generateTestHeaderString({ payload: told.body, secret });
      const signed = (secret) => ({ ...told, headers: { "stripe-signature": header(secret) } });
      const { said } = await verified("stripe", signed(SECRET));
      assert.equal(said.length, 1);
      assert.deepEqual(said, (await verified("stripe", told)).said);
      const { order, outcome, amount, currency } = said[0];
      const expected = { order: ORDER, outcome: "captured", amount: 2500, currency: "EUR" };
      assert.deepEqual({ order, outcome, amount, currency }, expected);
      assert.ok((await verified("stripe", signed("whsec_another"))).error);
      const changed = { ...signed(SECRET), body: told.body.replace("2500", "2501") };
      assert.ok((await verified("stripe", changed)).error);
    }],
    ["npm stripe: money goes back once for a key, and no more than came", async () => {
      const { payment_intent } = await sessions.retrieve(session.id);
      const wish = { payment_intent, amount: 1000 };
      const refund = await sdk.refunds.create(wish, { idempotencyKey: "refund-1" });
      const again = await sdk.refunds.create(wish, { idempotencyKey: "refund-1" });
      assert.equal(again.id, refund.id);
      assert.equal(refund.status, "succeeded");
      assert.equal((await sdk.refunds.retrieve(refund.id)).amount, 1000);
      const more = sdk.refunds.create({ payment_intent, amount: 1501 });
      await assert.rejects(more, { type: "StripeInvalidRequestError" });
    }],
    ["npm stripe: a session ends when it is told to", async () => {
      const { id } = await sessions.create(draft());
      assert.equal((await sessions.expire(id)).status, "expired");
      await assert.rejects(sessions.expire(id), { type: "StripeInvalidRequestError" });
      await assert.rejects(sessions.retrieve("cs_none"), { code: "resource_missing" });
    }],
    ["npm stripe: the SDK finds what an adapter made", async () => {
      const wish = { order: ORDER, amount: 700, currency: "USD" };
      const { reference, url } = await create("stripe", wish);
      const made = await sessions.retrieve(reference);
      assert.equal(made.url, url);
      assert.equal(made.amount_total, 700);
      assert.equal(made.currency, "usd");
      assert.equal(made.client_reference_id, name);
    }],
  ];
}
