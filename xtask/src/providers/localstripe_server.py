"""PyPI `localstripe`, a Stripe in memory, as a program on a free port of this machine.

Whatever our adapter needs of Stripe's Payment Intents and localstripe has not is added here, in the
open, and nothing else: docs/payments.md lists what it does otherwise. It says its address first.
"""

import socket

from aiohttp import web
from localstripe import resources, server

# Of each run there is one copy, in memory: the file is the same for all runs on a machine.
resources.Store.dump_to_disk = lambda _: None

make_intent = resources.PaymentIntent._api_create.__func__


def make_intent_of_more(kind, automatic_payment_methods=None, description=None, **wish):
    """Takes two members that Stripe takes, which change nothing about the money."""
    intent = make_intent(kind, **wish)
    intent.description = description
    return intent


def amount_received(intent):
    """What Stripe says of every intent."""
    charge = intent.latest_charge
    is_paid = charge is not None and charge.status == "succeeded" and charge.captured
    return charge.amount if is_paid else 0


resources.PaymentIntent._api_create = classmethod(make_intent_of_more)
resources.PaymentIntent.amount_received = property(amount_received)

listener = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
web.run_app(server.app, sock=listener, print=None)
