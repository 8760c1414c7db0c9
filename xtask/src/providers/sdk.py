"""All checks with SDKs for Python: PyPI `stripe`, `razorpay`, and those of PayPal."""

import time

import razorpay
import stripe

from paypal import Paypal
from world import SIMULATOR, act, adapter, checks, credentials, named, notice, raises, run, verified

STRIPE_SECRET = credentials["STRIPE_WEBHOOK_SECRET"]
RAZORPAY_SECRET = credentials["RAZORPAY_WEBHOOK_SECRET"]


class Stripe:
    """The checks with `stripe`, in their order."""

    order = "ord_0000400000001"

    def __init__(self):
        self.name = named(self.order)
        addresses = {"api": f"{SIMULATOR}/stripe"}
        client = stripe.StripeClient(
            credentials["STRIPE_SECRET_KEY"], base_addresses=addresses, max_network_retries=0
        )
        self.sessions = client.v1.checkout.sessions
        self.refunds = client.v1.refunds

    def draft(self):
        price = {"currency": "eur", "unit_amount": 2500, "product_data": {"name": "Tickets"}}
        return {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "success_url": "https://tickets.example/thanks",
            "client_reference_id": self.name,
            "metadata": {"order": self.name},
            "payment_intent_data": {"metadata": {"order": self.name}},
            "expires_at": int(time.time()) + 1900,
        }

    def a_session_is_made_once_for_a_key(self):
        options = {"idempotency_key": "session-1"}
        draft = self.draft()
        self.session = self.sessions.create(draft, options)
        assert self.sessions.create(draft, options).id == self.session.id
        assert self.session.status == "open" and self.session.amount_total == 2500
        other = {**draft, "client_reference_id": "another"}
        assert raises(stripe.IdempotencyError, lambda: self.sessions.create(other, options))

    def the_sdk_believes_what_is_told(self):
        act("stripe", self.session.id, "pay")
        self.told = notice(lambda each: "checkout.session.completed" in each["body"])
        header = self.told["headers"]["stripe-signature"]
        event = stripe.Webhook.construct_event(self.told["body"], header, STRIPE_SECRET)
        assert event.data.object.id == self.session.id
        wrong = lambda: stripe.Webhook.construct_event(self.told["body"], header, "whsec_another")
        assert raises(stripe.SignatureVerificationError, wrong)

    def an_adapter_believes_what_the_sdk_signs(self):
        now = int(time.time())
        sign = stripe.WebhookSignature._compute_signature
        digest = sign(f"{now}.{self.told['body']}", STRIPE_SECRET)
        signed = {**self.told, "headers": {"stripe-signature": f"t={now},v1={digest}"}}
        [said] = verified(signed)["said"]
        assert said == verified(self.told)["said"][0]
        assert (said["order"], said["outcome"], said["amount"]) == (self.order, "captured", 2500)
        assert "error" in verified({**signed, "body": signed["body"] + " "})

    def money_goes_back_once_for_a_key(self):
        intent = self.sessions.retrieve(self.session.id).payment_intent
        wish = {"payment_intent": intent, "amount": 1000}
        options = {"idempotency_key": "refund-1"}
        refund = self.refunds.create(wish, options)
        assert refund.status == "succeeded"
        assert self.refunds.create(wish, options).id == refund.id
        more = {"payment_intent": intent, "amount": 1501}
        assert raises(stripe.InvalidRequestError, lambda: self.refunds.create(more))

    def a_session_ends_when_it_is_told_to(self):
        session = self.sessions.create(self.draft())
        assert self.sessions.expire(session.id).status == "expired"


class Razorpay:
    """The checks with `razorpay`, in their order."""

    order = "ord_0000400000002"

    def __init__(self):
        self.name = named(self.order)
        auth = (credentials["RAZORPAY_KEY_ID"], credentials["RAZORPAY_KEY_SECRET"])
        self.client = razorpay.Client(auth=auth, base_url=f"{SIMULATOR}/razorpay")

    def draft(self, reference):
        return {
            "amount": 250_000,
            "currency": "INR",
            "reference_id": reference,
            "description": "Tickets",
            "expire_by": int(time.time()) + 1900,
            "callback_url": "https://tickets.example/thanks",
            "callback_method": "get",
            "notes": {"order": self.name},
        }

    def a_link_is_made_and_one_only_for_a_reference(self):
        links = self.client.payment_link
        self.link = links.create(self.draft("python-1"))
        assert links.fetch(self.link["id"])["short_url"] == self.link["short_url"]
        again = lambda: links.create(self.draft("python-1"))
        assert raises(razorpay.errors.BadRequestError, again)

    def the_sdk_and_an_adapter_believe_what_is_told(self):
        act("razorpay", self.link["id"], "pay")
        told = notice(lambda each: "payment_link.paid" in each["body"])
        signature = told["headers"]["x-razorpay-signature"]
        verify = self.client.utility.verify_webhook_signature
        assert verify(told["body"], signature, RAZORPAY_SECRET)
        wrong = lambda: verify(told["body"], signature, "another")
        assert raises(razorpay.errors.SignatureVerificationError, wrong)
        [said] = verified(told)["said"]
        assert (said["order"], said["outcome"]) == (self.order, "captured")
        assert (said["amount"], said["currency"]) == (250_000, "INR")

    def money_goes_back_and_no_more_than_came(self):
        [payment] = self.client.payment_link.fetch(self.link["id"])["payments"]
        payment = payment["payment_id"]
        refund = self.client.payment.refund(payment, {"amount": 100_000})
        assert refund["status"] == "processed"
        more = lambda: self.client.payment.refund(payment, {"amount": 150_001})
        assert raises(razorpay.errors.BadRequestError, more)

    def a_link_of_an_adapter_is_found_and_ends(self):
        wish = {"order": self.order, "amount": 70_000, "currency": "INR"}
        link = adapter("razorpay", do="create", **wish)["reference"]
        assert self.client.payment_link.fetch(link)["amount"] == 70_000
        assert self.client.payment_link.cancel(link)["status"] == "cancelled"


run(
    checks("stripe", Stripe())
    + checks("razorpay", Razorpay())
    + checks("paypal-server-sdk", Paypal())
)
