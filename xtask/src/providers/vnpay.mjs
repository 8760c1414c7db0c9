// Checks with npm `vnpay`.

import assert from "node:assert/strict";

import { act, create, credentials, host, load, notice, simulator, verified } from "./world.mjs";

const ORDER = "ord_0000400000004";

/** The date as a number `yyyymmddhhmmss` in Vietnam. */
function stamp(ms) {
  const local = new Date(ms + 7 * 3_600_000).toISOString();
  return Number(local.replace(/\D/g, "").slice(0, 14));
}

/** The parameters of an address that are VNPay's: the SDK takes all that it is given for signed. */
function parameters(url) {
  const all = [...new URL(url).searchParams];
  return Object.fromEntries(all.filter(([name]) => name.startsWith("vnp_")));
}

/** Where an address leads. */
async function location(url) {
  const answer = await fetch(url, { redirect: "manual" });
  return answer.headers.get("location");
}

/** The checks, in their order. */
export async function vnpay() {
  const { VNPay } = load("vnpay");
  const { origin } = await host("vnpay");
  const sdk = new VNPay({
    tmnCode: credentials.VNPAY_TMN_CODE,
    secureSecret: credentials.VNPAY_HASH_SECRET,
    vnpayHost: origin,
    queryDrAndRefundHost: origin,
  });
  const created = stamp(Date.now());
  const asked = (vnp_RequestId, more) => ({
    vnp_RequestId,
    vnp_TxnRef: "sdk1",
    vnp_TransactionDate: created,
    vnp_CreateDate: created,
    vnp_IpAddr: "127.0.0.1",
    vnp_OrderInfo: "asked by the SDK",
    ...more,
  });
  let number;

  return [
    ["npm vnpay: an address of the SDK leads to a page", async () => {
      const url = sdk.buildPaymentUrl({
        vnp_Amount: 50_000,
        vnp_IpAddr: "127.0.0.1",
        vnp_TxnRef: "sdk1",
        vnp_OrderInfo: "made by the SDK: a + b & c",
        vnp_OrderType: "other",
        vnp_ReturnUrl: "https://tickets.example/thanks?a=b",
        vnp_CreateDate: created,
        vnp_ExpireDate: stamp(Date.now() + 900_000),
      });
      assert.equal(await location(url), `${simulator}/vnpay/pay/sdk1`);
      assert.match(await location(url.replace("5000000", "5000100")), /code=70$/);
    }],
    ["npm vnpay: the SDK believes what is told, by browser and by IPN", async () => {
      const { return_url } = await act("vnpay", "sdk1", "pay");
      const back = sdk.verifyReturnUrl(parameters(return_url));
      assert.ok(back.isVerified && back.isSuccess);
      const told = await notice("vnpay");
      const query = parameters(`http://x/?${told.query}`);
      const read = sdk.verifyIpnCall(query);
      assert.ok(read.isVerified && read.isSuccess);
      assert.equal(read.vnp_Amount, 50_000);
      assert.ok(!sdk.verifyIpnCall({ ...query, vnp_Amount: "5000100" }).isVerified);
      number = Number(query.vnp_TransactionNo);
    }],
    ["npm vnpay: the SDK asks about a payment, and gives it back", async () => {
      const paid = await sdk.queryDr(asked("q1", { vnp_TransactionNo: number }));
      assert.ok(paid.isVerified && paid.isSuccess);
      assert.equal(paid.vnp_TransactionStatus, "00");
      assert.equal(Number(paid.vnp_Amount), 5_000_000);
      const unknown = await sdk.queryDr(asked("q2", { vnp_TxnRef: "sdk2" }));
      assert.equal(unknown.vnp_ResponseCode, "91");

      const wish = { vnp_TransactionType: "03", vnp_Amount: 20_000, vnp_CreateBy: "sdk" };
      const refund = await sdk.refund(asked("r1", wish));
      // Not whether it believes the answer: it divides the amount by 100 before it hashes it.
      assert.ok(refund.isSuccess);
      assert.equal(refund.vnp_Amount, 20_000);
      const more = { ...wish, vnp_Amount: 30_001, vnp_TransactionNo: number };
      assert.equal((await sdk.refund(asked("r2", more))).isSuccess, false);
    }],
    ["npm vnpay: the SDK believes an adapter's address, and both its payment", async () => {
      const wish = { order: ORDER, amount: 70_000, currency: "VND" };
      const { reference, url } = await create("vnpay", wish);
      const made = sdk.verifyReturnUrl(parameters(url));
      assert.ok(made.isVerified);
      assert.equal(made.vnp_Amount, 70_000);
      assert.equal(await location(url), `${simulator}/vnpay/pay/${reference}`);

      await act("vnpay", reference, "pay");
      const told = await notice("vnpay");
      assert.ok(sdk.verifyIpnCall(parameters(`http://x/?${told.query}`)).isVerified);
      const { said } = await verified("vnpay", told);
      assert.equal(said.length, 1);
      const { order, outcome, amount, currency } = said[0];
      const expected = { order: ORDER, outcome: "captured", amount: 70_000, currency: "VND" };
      assert.deepEqual({ order, outcome, amount, currency }, expected);
      const query = told.query.replace("7000000", "7000100");
      assert.ok((await verified("vnpay", { ...told, query })).error);
    }],
  ];
}
