"""Checks with PyPI `paypal-server-sdk`, and with `paypalrestsdk` for what is signed."""

import urllib.request

from OpenSSL import crypto
from paypalrestsdk.notifications import WebhookEvent
from paypalserversdk.configuration import Configuration, Environment, Server
from paypalserversdk.exceptions.error_exception import ErrorException
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.models.amount_with_breakdown import AmountWithBreakdown
from paypalserversdk.models.checkout_payment_intent import CheckoutPaymentIntent
from paypalserversdk.models.money import Money
from paypalserversdk.models.order_request import OrderRequest
from paypalserversdk.models.payment_source import PaymentSource
from paypalserversdk.models.paypal_wallet import PaypalWallet
from paypalserversdk.models.paypal_wallet_experience_context import PaypalWalletExperienceContext
from paypalserversdk.models.purchase_unit_request import PurchaseUnitRequest
from paypalserversdk.models.refund_request import RefundRequest
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient

from world import SIMULATOR, act, adapter, credentials, named, notice, raises, verified

# The SDK has no setting for the address.
Configuration.environments[Environment.SANDBOX][Server.DEFAULT] = f"{SIMULATOR}/paypal"


class Paypal:
    """The checks, in their order."""

    order = "ord_0000400000003"

    def __init__(self):
        self.name = named(self.order)
        account = ClientCredentialsAuthCredentials(
            credentials["PAYPAL_CLIENT_ID"], credentials["PAYPAL_SECRET"]
        )
        client = PaypalServersdkClient(client_credentials_auth_credentials=account)
        self.orders, self.payments = client.orders, client.payments

    def _create(self, value, key):
        context = PaypalWalletExperienceContext(
            return_url="https://tickets.example/thanks", cancel_url="https://tickets.example/thanks"
        )
        unit = PurchaseUnitRequest(
            amount=AmountWithBreakdown(currency_code="EUR", value=value), custom_id=self.name
        )
        draft = OrderRequest(
            intent=CheckoutPaymentIntent.CAPTURE,
            purchase_units=[unit],
            payment_source=PaymentSource(paypal=PaypalWallet(experience_context=context)),
        )
        return self.orders.create_order({"body": draft, "paypal_request_id": key}).body

    def _refund(self, value, key):
        draft = RefundRequest(amount=Money(currency_code="EUR", value=value))
        wish = {"capture_id": self.capture, "body": draft, "paypal_request_id": key}
        return self.payments.refund_captured_payment(wish).body

    def an_order_is_made_once_for_a_key(self):
        self.made = self._create("25.00", "orders-1")
        assert self._create("25.00", "orders-1").id == self.made.id
        assert self.made.status == "PAYER_ACTION_REQUIRED"
        [page] = [link for link in self.made.links if link.rel == "payer-action"]
        with urllib.request.urlopen(page.href) as answer:
            assert answer.status == 200
        early = lambda: self.orders.capture_order({"id": self.made.id, "paypal_request_id": "early"})
        assert raises(ErrorException, early)
        assert raises(ErrorException, lambda: self._create("25.001", "orders-2"))

    def the_sdk_believes_what_is_told(self):
        act("paypal", self.made.id, "pay")
        self.told = notice(lambda each: "CHECKOUT.ORDER.APPROVED" in each["body"])
        assert self._is_believed(self.told, credentials["PAYPAL_WEBHOOK_ID"])
        assert not self._is_believed(self.told, "another")
        assert not self._is_believed({**self.told, "body": self.told["body"] + " "})

    def _is_believed(self, told, webhook_id=credentials["PAYPAL_WEBHOOK_ID"]):
        header = lambda name: told["headers"][f"paypal-{name}"]
        with urllib.request.urlopen(header("cert-url")) as answer:
            certificate = crypto.load_certificate(crypto.FILETYPE_PEM, answer.read())
        # Nobody vouches for the simulator's but this.
        store = crypto.X509Store()
        store.add_cert(certificate)
        WebhookEvent._get_certificate_store = classmethod(lambda _: store)
        transmission = (header("transmission-id"), header("transmission-time"))
        seal = (header("cert-url"), header("transmission-sig"), header("auth-algo"))
        return WebhookEvent.verify(*transmission, webhook_id, told["body"], *seal)

    def an_adapter_asks_about_what_is_told(self):
        [said] = verified(self.told)["said"]
        assert (said["order"], said["ask"]) == (self.order, self.made.id)

    def the_sdk_takes_the_money_once_and_an_adapter_sees_it(self):
        wish = {"id": self.made.id, "paypal_request_id": "capture-1"}
        taken = self.orders.capture_order(wish).body
        [unit] = taken.purchase_units
        [capture] = unit.payments.captures
        self.capture = capture.id
        assert (taken.status, capture.status, capture.amount.value) == ("COMPLETED", "COMPLETED", "25.00")
        again = self.orders.capture_order(wish).body
        assert again.purchase_units[0].payments.captures[0].id == self.capture
        [said] = adapter("paypal", do="query", order=self.order, reference=self.made.id)["said"]
        assert (said["payment"], said["outcome"]) == (self.capture, "captured")
        assert (said["amount"], said["currency"]) == (2500, "EUR")

    def money_goes_back_once_for_a_key_and_no_more_than_came(self):
        refund = self._refund("10.00", "refund-1")
        assert refund.status == "COMPLETED"
        assert self._refund("10.00", "refund-1").id == refund.id
        assert self.payments.get_refund({"refund_id": refund.id}).body.amount.value == "10.00"
        assert raises(ErrorException, lambda: self._refund("15.01", "refund-2"))
        capture = self.payments.get_captured_payment({"capture_id": self.capture}).body
        assert capture.status == "PARTIALLY_REFUNDED"

    def the_sdk_finds_what_an_adapter_made_took_and_gave_back(self):
        wish = {"order": self.order, "currency": "USD"}
        made = adapter("paypal", do="create", amount=700, **wish)
        order = self.orders.get_order({"id": made["reference"]}).body
        [unit] = order.purchase_units
        assert (unit.custom_id, unit.amount.value) == (self.name, "7.00")
        act("paypal", order.id, "pay")
        [said] = adapter("paypal", do="query", order=self.order, reference=order.id)["said"]
        payment = said["payment"]
        assert self.payments.get_captured_payment({"capture_id": payment}).body.status == "COMPLETED"
        refund = adapter("paypal", do="refund", refund=0, payment=payment, amount=700, **wish)
        assert self.payments.get_refund({"refund_id": refund["reference"]}).body.amount.value == "7.00"
