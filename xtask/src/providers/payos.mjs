// Checks with npm `@payos/node`.

import assert from "node:assert/strict";

import {
  act, adapter, create, credentials, host, load, notice, serve, verified,
} from "./world.mjs";

const ORDER = "ord_0000400000003";

const draft = (orderCode) => ({
  orderCode,
  amount: 50_000,
  description: "VE",
  cancelUrl: "https://tickets.example/cancelled",
  returnUrl: "https://tickets.example/thanks",
  expiredAt: Math.floor(Date.now() / 1000) + 900,
});

/** The checks, in their order. */
export async function payos() {
  const { PayOS } = load("@payos/node");
  const { origin } = await host("payos");
  const sdk = new PayOS({
    clientId: credentials.PAYOS_CLIENT_ID,
    apiKey: credentials.PAYOS_API_KEY,
    checksumKey: credentials.PAYOS_CHECKSUM_KEY,
    baseURL: origin,
    maxRetries: 0,
    logLevel: "off",
  });

  return [
    ["npm @payos/node: a link is made once, signed both ways", async () => {
      const link = await sdk.paymentRequests.create(draft(1));
      assert.equal(link.status, "PENDING");
      const found = await sdk.paymentRequests.get(1);
      assert.equal(found.id, link.paymentLinkId);
      assert.equal(found.amountRemaining, 50_000);
      await assert.rejects(sdk.paymentRequests.create(draft(1)));
      const cancelled = await sdk.paymentRequests.cancel(1, "no reason");
      assert.equal(cancelled.status, "CANCELLED");
    }],
    ["npm @payos/node: both believe what is told of an adapter's payment", async () => {
      const wish = { order: ORDER, amount: 50_000, currency: "VND" };
      const { reference } = await create("payos", wish);
      const made = await sdk.paymentRequests.get(reference);
      assert.equal(made.amount, 50_000);
      await act("payos", made.id, "pay");
      const told = await notice("payos");
      const data = await sdk.webhooks.verify(JSON.parse(told.body));
      assert.equal(data.amount, 50_000);
      const { said } = await verified("payos", told);
      assert.equal(said.length, 1);
      const { order, outcome, amount, currency } = said[0];
      const expected = { order: ORDER, outcome: "captured", amount: 50_000, currency: "VND" };
      assert.deepEqual({ order, outcome, amount, currency }, expected);

      const body = told.body.replace("50000", "50001");
      await assert.rejects(sdk.webhooks.verify(JSON.parse(body)));
      assert.ok((await verified("payos", { ...told, body })).error);
    }],
    ["npm @payos/node: an adapter signs as the SDK does", async () => {
      let sent;
      const api = await serve(async (request, response) => {
        const chunks = [];
        for await (const chunk of request) chunks.push(chunk);
        sent = JSON.parse(Buffer.concat(chunks).toString("utf8"));
        response.writeHead(500).end();
      });
      const wish = { order: ORDER, amount: 50_000, currency: "VND" };
      const refused = await adapter("payos", { do: "create", ...wish, api: api.origin });
      assert.ok(refused.error);
      const { signature, ...data } = sent;
      const expected = await sdk.crypto.createSignatureOfPaymentRequest(
        data,
        credentials.PAYOS_CHECKSUM_KEY,
      );
      assert.equal(signature, expected);
    }],
  ];
}
