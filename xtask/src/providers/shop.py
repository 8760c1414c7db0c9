"""Whole purchases at our server, whose Stripe is PyPI `localstripe`, with Stripe's own SDK as the
page on which the buyer pays; and our adapter at it, without the server."""

import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import stripe

from world import SIMULATOR as LOCALSTRIPE
from world import adapter, checks, credentials, named, notice, raises, run, verified

SHOP = os.environ["SHOP"]
INBOX = f"http://127.0.0.1:{os.environ['NOTICES_PORT']}/stripe"
SECRET = credentials["STRIPE_WEBHOOK_SECRET"]

with open(os.environ["OPERATOR_TOKEN"], encoding="utf-8") as file:
    OPERATOR = file.read().strip()

with open(os.environ["DIRECTORY"], encoding="utf-8") as file:
    # Whose orders they are: the adapter beside the server must use the server's names.
    [INSTALLATION] = re.findall(r'journal_id = "(\w+)"', file.read())

# How long anything may take, in seconds.
PATIENCE = 30

# Orders that wait long enough for anything, and ones that are soon over.
PATIENT_MS = 600_000
HASTY_MS = 4_000

# What a buyer's card is, by the names of Stripe's test cards.
GOOD = "pm_card_visa"
DECLINED = "pm_card_chargeCustomerFail"


def send(method, url, body=None, token=None):
    """Asks a server; returns the JSON of its answer."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(body).encode()
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{method} {url}: {error.code} {error.read().decode()}") from error
    return json.loads(text) if text else None


def tell(name, url, events=None):
    """Has localstripe tell of such events at this address; of all if none are named."""
    wish = {"url": url, "secret": SECRET}
    if events is not None:
        wish["events"] = events
    send("POST", f"{LOCALSTRIPE}/_config/webhooks/{name}", wish)


def until(look, fits):
    """Looks until what is seen fits, and returns it."""
    end = time.monotonic() + PATIENCE
    while True:
        seen = look()
        if fits(seen):
            return seen
        assert time.monotonic() < end, f"this is how it stays: {seen}"
        time.sleep(0.05)


def event(order_ms):
    """Opens an event in which an order waits so long for its money; returns its id."""
    window = {"opens_at": "2020-01-01T00:00:00.000Z", "closes_at": "2100-01-01T00:00:00.000Z"}
    definition = {
        "name": "A club",
        "currency": "EUR",
        "classes": [{"name": "Standing", "price_minor": 2_500, "window": window}],
        "quotas": [{"name": "House", "capacity": 100, "classes": [0]}],
        "terms": {"hold_ms": PATIENT_MS, "order_ms": order_ms, "payment_grace_ms": 60_000},
    }
    made = send("POST", f"{SHOP}/api/v1/events", definition, OPERATOR)["id"]
    send("POST", f"{SHOP}/api/v1/events/{made}/open", token=OPERATOR)
    return made


class Order:
    """An order that somebody has placed, and its intent at Stripe."""

    def __init__(self, of, count):
        session = send("POST", f"{SHOP}/api/v1/sessions", {"email": "buyer@example.org"})
        self.token = session["access_token"]
        wish = {"wishes": [{"class": 0, "count": count}]}
        hold = send("POST", f"{SHOP}/api/v1/events/{of}/holds", wish, self.token)["id"]
        wish = {"hold": hold, "provider": "stripe", "accept_other_seats": False}
        self.id = send("POST", f"{SHOP}/api/v1/orders", wish, self.token)["id"]
        url = self.until(lambda seen: seen["payment"]["url"])["payment"]["url"]
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
        [self.intent] = query["payment_intent"]
        [self.secret] = query["payment_intent_client_secret"]

    def look(self):
        return send("GET", f"{SHOP}/api/v1/orders/{self.id}", token=self.token)

    def until(self, fits):
        return until(self.look, fits)

    def give_back(self, tickets):
        path = f"{SHOP}/api/v1/orders/{self.id}/refunds"
        send("POST", path, {"tickets": tickets}, OPERATOR)
        is_over = lambda seen: all(refund["state"] != "WANTED" for refund in seen["refunds"])
        seen = self.until(is_over)
        assert {refund["state"] for refund in seen["refunds"]} == {"DONE"}, seen
        return seen


class Localstripe:
    """The checks, in their order."""

    def __init__(self):
        client = stripe.StripeClient(
            credentials["STRIPE_SECRET_KEY"],
            base_addresses={"api": LOCALSTRIPE},
            max_network_retries=0,
        )
        self.intents, self.refunds = client.v1.payment_intents, client.v1.refunds
        self.patient, self.hasty = event(PATIENT_MS), event(HASTY_MS)
        tell("inbox", INBOX)
        self.listen()

    def listen(self, events=None):
        tell("shop", f"{SHOP}/api/v1/webhooks/stripe", events)

    def pay(self, intent, card):
        """What Stripe's script does on the page."""
        self.intents.update(intent, {"payment_method": card})
        return self.intents.confirm(intent)

    def refunded(self, intent):
        found = self.refunds.list({"payment_intent": intent, "limit": 100})
        return sorted(refund.amount for refund in found.data)

    def an_order_leads_to_an_intent(self):
        self.order = Order(self.patient, 2)
        intent = self.intents.retrieve(self.order.intent)
        assert (intent.amount, intent.currency) == (5_000, "eur")
        assert intent.metadata["order"] == named(self.order.id, installation=INSTALLATION)
        assert intent.client_secret == self.order.secret
        assert intent.status == "requires_payment_method"

    def what_stripe_tells_completes_an_order(self):
        assert self.pay(self.order.intent, GOOD).status == "succeeded"
        # Nobody asks about it for minutes: it was told.
        seen = self.order.until(lambda seen: seen["status"] != "PENDING")
        assert seen["status"] == "COMPLETED", seen
        assert (seen["captured_minor"], len(seen["tickets"])) == (5_000, 2), seen
        self.told = notice(lambda each: "payment_intent.succeeded" in each["body"])

    def the_sdk_and_an_adapter_believe_what_is_told(self):
        header = self.told["headers"]["stripe-signature"]
        told = stripe.Webhook.construct_event(self.told["body"], header, SECRET)
        assert told.data.object.id == self.order.intent
        [said] = verified(self.told, installation=INSTALLATION)["said"]
        assert (said["order"], said["payment"]) == (self.order.id, self.order.intent)
        assert (said["outcome"], said["amount"], said["currency"]) == ("captured", 5_000, "EUR")
        assert "error" in verified(self.told), "an order of another installation"
        altered = {**self.told, "body": self.told["body"] + " "}
        assert "error" in verified(altered, installation=INSTALLATION)

    def money_goes_back_in_part_and_then_the_rest(self):
        first = self.order.look()["tickets"][0]["id"]
        seen = self.order.give_back([first])
        assert seen["status"] == "PARTIALLY_REFUNDED", seen
        assert self.refunded(self.order.intent) == [2_500]
        seen = self.order.give_back("all")
        assert seen["status"] == "REFUNDED", seen
        assert self.refunded(self.order.intent) == [2_500, 2_500]

    def money_goes_back_in_one(self):
        order = Order(self.patient, 2)
        self.pay(order.intent, GOOD)
        order.until(lambda seen: seen["status"] == "COMPLETED")
        order.give_back("all")
        assert self.refunded(order.intent) == [5_000]

    def a_card_that_is_declined_changes_nothing_and_the_intent_ends_with_its_order(self):
        order = Order(self.hasty, 1)
        assert raises(stripe.CardError, lambda: self.pay(order.intent, DECLINED))
        told = notice(lambda each: "payment_intent.payment_failed" in each["body"])
        assert verified(told)["said"] == []
        seen = order.until(lambda seen: seen["status"] != "PENDING")
        assert (seen["status"], seen["captured_minor"]) == ("EXPIRED", 0), seen
        look = lambda: self.intents.retrieve(order.intent).status
        until(look, lambda status: status == "canceled")

    def what_nobody_told_is_found_by_asking(self):
        self.listen(events=[])
        order = Order(self.hasty, 1)
        self.pay(order.intent, GOOD)
        seen = order.until(lambda seen: seen["status"] == "COMPLETED")
        assert seen["captured_minor"] == 2_500, seen
        self.listen()

    def an_adapter_pays_back_once_and_says_how_all_stands(self):
        intent = self.made(900)
        assert self.asked("query", reference=intent)["said"] == []
        self.pay(intent, GOOD)
        [said] = self.asked("query", reference=intent)["said"]
        assert (said["outcome"], said["amount"], said["payment"]) == ("captured", 900, intent)
        wish = {"refund": 0, "payment": intent, "amount": 400, "currency": "EUR"}
        receipt = self.asked("refund", **wish)
        assert receipt["is_pending"] is False
        assert self.asked("refund", **wish) == receipt
        assert self.asked("query_refund", reference=receipt["reference"], **wish) == receipt
        assert self.refunded(intent) == [400]
        assert self.asked("close", reference=intent) == {}, "nothing is left to close"

    def an_adapter_closes_an_intent_however_often_it_is_asked(self):
        intent = self.made(900)
        for _ in range(2):
            assert self.asked("close", reference=intent) == {}
            assert self.intents.retrieve(intent).status == "canceled"
        [said] = self.asked("query", reference=intent)["said"]
        assert said["outcome"] == "declined"
        assert "error" in self.asked("query", reference="pi_none")

    def made(self, amount):
        return self.asked("create", amount=amount, currency="EUR")["reference"]

    def asked(self, what, **wish):
        """Our adapter, with nobody's order."""
        common = {"api": LOCALSTRIPE, "flow": "payment_intents", "order": "ord_0000400000003"}
        return adapter("stripe", do=what, **common, **wish)


run(checks("localstripe", Localstripe()))
