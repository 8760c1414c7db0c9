"""People who do something else while a sale runs: sign in, look at the catalogue, at their orders.

Usage: aside.py URL DATA_DIRECTORY, with xtask/src/api in PYTHONPATH

Says `ready` when everything is prepared, then goes on until it is told to end; ends by itself, with
1, when something is not answered as it should be.
"""

import http.client
import json
import os
import threading
import time

from people import URL, account, ask, ask_for_version, event, house, sign_in

EVENTS, ORDERS = 20, 10
# How long each waits between two requests, in seconds.
SIGNING_IN, READING = 0.5, 0.02


def publish(number, organiser, venue, token):
    """An event of the catalogue that the world finds."""
    seen = None

    def step(method, path, body=None):
        nonlocal seen
        answer, seen = ask_for_version(method, path, body, token, seen)
        return answer

    draft = {"title": f"The Lanterns, night {number}", "venue": venue}
    day = f"2099-01-{number + 1:02}"
    draft |= {"starts_local": f"{day}T20:00", "ends_local": f"{day}T22:00"}
    made = step("POST", f"/api/v1/organisers/{organiser}/events", draft)["id"]
    path = f"/api/v1/catalogue/events/{made}"
    sale = {"currency": "EUR", "sale": {"opens_local": "2020-01-01T10:00"}}
    step("PUT", f"{path}/configuration", sale)
    step("POST", f"{path}/classes", {"name": "Standing", "price_minor": 2500})
    step("POST", f"{path}/quotas", {"name": "House", "capacity": 800, "classes": [0]})
    step("POST", f"{path}/configure")
    step("POST", f"{path}/publish")


def again_and_again(pause, method, path, body=None, token=None):
    """Sends one request after another over one connection, at a pace of its own."""
    address = URL.split("://")[1]
    connection = http.client.HTTPConnection(address, timeout=30)
    headers = {"content-type": "application/json"}
    headers |= {"authorization": f"Bearer {token}"} if token else {}
    content = None if body is None else json.dumps(body)
    due = time.monotonic()
    while True:
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status >= 300:
            print(f"{method} {path}: {answer.status} {said.decode()}", flush=True)
            os._exit(1)
        due += pause
        time.sleep(max(0.0, due - time.monotonic()))


person, secret = account()
token = sign_in(secret)
organiser, venue = house(token)
for number in range(EVENTS):
    publish(number, organiser, venue, token)
free = event("The Lanterns")
for _ in range(ORDERS):
    wish = {"wishes": [{"class": 0, "count": 1}]}
    hold = ask("POST", f"/api/v1/events/{free}/holds", wish, token)["id"]
    ask("POST", "/api/v1/orders", {"hold": hold, "provider": "sandbox"}, token)
# Somebody else: who signs in on one device more than there may be is signed out on the oldest.
_, traveller = account("eve@example.org")
for what in [
    (SIGNING_IN, "POST", "/api/v1/sign-in", traveller),
    (READING, "GET", "/api/v1/catalogue/events?text=lanterns&limit=20"),
    (READING, "GET", "/api/v1/me/orders", None, token),
]:
    threading.Thread(target=again_and_again, args=what, daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
