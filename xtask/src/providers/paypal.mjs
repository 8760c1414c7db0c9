// Checks with npm `@paypal/paypal-server-sdk`.

import assert from "node:assert/strict";

import {
  act, adapter, create, credentials, load, named, notice, simulator, verified,
} from "./world.mjs";

const ORDER = "ord_0000400000003";

const draftOf = (name) => (value) => ({
  intent: "CAPTURE",
  purchaseUnits: [{ customId: name, amount: { currencyCode: "EUR", value } }],
  paymentSource: {
    paypal: {
      experienceContext: {
        returnUrl: "https://tickets.example/thanks",
        cancelUrl: "https://tickets.example/thanks",
      },
    },
  },
});

/** The SDK's client. It has no setting for the address, so whatever it asks for goes elsewhere. */
function client({ Client, Environment }) {
  const axios = load("axios");
  const redirect = (config) => {
    const url = config.url.replace("https://api-m.sandbox.paypal.com", `${simulator}/paypal`);
    return axios.getAdapter("http")({ ...config, url });
  };
  return new Client({
    environment: Environment.Sandbox,
    clientCredentialsAuthCredentials: {
      oAuthClientId: credentials.PAYPAL_CLIENT_ID,
      oAuthClientSecret: credentials.PAYPAL_SECRET,
    },
    unstable_httpClientOptions: { adapter: redirect },
  });
}

/** The checks, in their order. */
export async function paypal() {
  const sdk = load("@paypal/paypal-server-sdk");
  const at = client(sdk);
  const [orders, payments] = [new sdk.OrdersController(at), new sdk.PaymentsController(at)];
  const name = await named(ORDER);
  const draft = draftOf(name);
  const make = (value, paypalRequestId) =>
    orders.createOrder({ body: draft(value), paypalRequestId });
  let made;
  let capture;

  return [
    ["npm @paypal/paypal-server-sdk: an order is made once for a key", async () => {
      made = (await make("25.00", "npm-orders-1")).result;
      assert.equal((await make("25.00", "npm-orders-1")).result.id, made.id);
      assert.equal(made.status, "PAYER_ACTION_REQUIRED");
      assert.ok(made.links.some(({ rel }) => rel === "payer-action"));
      const early = orders.captureOrder({ id: made.id, paypalRequestId: "npm-early" });
      await assert.rejects(early, { statusCode: 422 });
      await assert.rejects(make("25.001", "npm-orders-2"), { statusCode: 422 });
    }],
    ["npm @paypal/paypal-server-sdk: the SDK takes the money once", async () => {
      await act("paypal", made.id, "pay");
      const told = await notice("paypal", ({ body }) => body.includes("CHECKOUT.ORDER.APPROVED"));
      assert.deepEqual((await verified("paypal", told)).said, [{ order: ORDER, ask: made.id }]);
      const wish = { id: made.id, paypalRequestId: "npm-capture-1" };
      const captures = async () =>
        (await orders.captureOrder(wish)).result.purchaseUnits[0].payments.captures;
      [capture] = await captures();
      assert.equal(capture.status, "COMPLETED");
      assert.deepEqual((await captures()).map(({ id }) => id), [capture.id]);
      const { said } = await adapter("paypal", { do: "query", order: ORDER, reference: made.id });
      const { payment, outcome, amount, currency } = said[0];
      const expected = ["captured", capture.id, 2500, "EUR"];
      assert.deepEqual([outcome, payment, amount, currency], expected);
    }],
    ["npm @paypal/paypal-server-sdk: money goes back, and no more than came", async () => {
      const refund = (value, paypalRequestId) => {
        const body = { amount: { currencyCode: "EUR", value } };
        return payments.refundCapturedPayment({ captureId: capture.id, body, paypalRequestId });
      };
      const { result } = await refund("10.00", "npm-refund-1");
      assert.equal(result.status, "COMPLETED");
      assert.equal((await refund("10.00", "npm-refund-1")).result.id, result.id);
      await assert.rejects(refund("15.01", "npm-refund-2"), { statusCode: 422 });
    }],
    ["npm @paypal/paypal-server-sdk: the SDK finds what an adapter made", async () => {
      const { reference } = await create("paypal", { order: ORDER, amount: 700, currency: "USD" });
      const [unit] = (await orders.getOrder({ id: reference })).result.purchaseUnits;
      assert.deepEqual([unit.customId, unit.amount.value], [name, "7.00"]);
    }],
  ];
}
