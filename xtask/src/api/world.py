"""Prepares a server for schemathesis, so that what it tries reaches more than "not found".

Usage: world.py URL DATA_DIRECTORY

Defines and opens one event that sells freely and one behind a waitroom, lets a guest hold, order and
queue, and makes an account that is an admin. Prints NAME=value lines: what schemathesis.toml reads
from the environment.
"""

import email
import email.policy
import json
import pathlib
import re
import sys
import time
import urllib.request
import uuid

URL, DATA = sys.argv[1], pathlib.Path(sys.argv[2])
OPERATOR = (DATA / "keys/operator-token").read_text("ascii").strip()
EARLIER, LATER = "2020-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z"


def ask(method, path, body=None, token=OPERATOR):
    """Sends one request and answers what came back; any refusal ends the program."""
    headers = {"content-type": "application/json", "idempotency-key": str(uuid.uuid4())}
    if token:
        headers["authorization"] = f"Bearer {token}"
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, content, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refusal:
        sys.exit(f"{method} {path}: {refusal.code} {refusal.read().decode()}")


def event(name, **more):
    """An event that is on sale, with two rows of seats and standing room."""
    window = {"opens_at": EARLIER, "closes_at": LATER}
    first = {"x_cm": 0, "y_cm": 0}
    step = {"x_cm": 50, "y_cm": 0}
    rows = [{"label": label, "seats": 100, "first": first, "step": step} for label in "AB"]
    definition = {
        "name": name,
        "currency": "EUR",
        "limits": {"per_hold": 8, "per_buyer": 1000},
        "classes": [
            {"name": "Floor", "price_minor": 4500, "window": window},
            {"name": "Stalls", "price_minor": 8900, "window": window},
        ],
        "quotas": [{"name": "Floor", "capacity": 100000, "classes": [0]}],
        "plan": {"focal_point": first, "sections": [{"name": "Left", "class": 1, "rows": rows}]},
        **more,
    }
    made = ask("POST", "/api/v1/events", definition)["id"]
    ask("POST", f"/api/v1/events/{made}/open")
    return made


def guest():
    return ask("POST", "/api/v1/sessions", {"email": "ada@example.org"}, token=None)


def token_of_letter():
    """The token in the link of the first letter that is brought."""
    for _ in range(600):
        for path in (DATA / "letters").glob("*.eml"):
            letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            found = re.search(r"token=(\S+)", letter.get_content())
            if found:
                return found[1]
        time.sleep(0.1)
    sys.exit("no letter came within a minute")


def account():
    """An admin, and what they sign in with."""
    secret = {"email": "ada@example.org", "password": "a lantern in the fog 17"}
    ask("POST", "/api/v1/accounts", {**secret, "given_name": "Ada"}, token=None)
    confirmation = {"token": token_of_letter()}
    person = ask("POST", "/api/v1/accounts/confirmations", confirmation, token=None)["person"]
    ask("PUT", f"/api/v1/accounts/{person}/role", {"role": "admin"})
    return person, secret


def sign_in(secret):
    return ask("POST", "/api/v1/sign-in", secret, token=None)["access_token"]


waitroom = {"slots": 100, "rate_per_minute": 600, "doors_at": EARLIER, "opens_at": EARLIER}
free, queued = event("The Lanterns"), event("The Lanterns, second night", waitroom=waitroom)
buyer = guest()["access_token"]


def hold():
    wish = {"class": 0, "count": 1}
    return ask("POST", f"/api/v1/events/{free}/holds", {"wishes": [wish]}, buyer)["id"]


order = ask("POST", "/api/v1/orders", {"hold": hold(), "provider": "sandbox"}, buyer)["id"]
place = ask("POST", f"/api/v1/events/{queued}/waitroom", {"party": 1}, buyer)["id"]

person, secret = account()

names = {
    "ACCOUNT": sign_in(secret),
    "LEAVING": sign_in(secret),
    "PERSON": person,
    "OPERATOR": OPERATOR,
    "GUEST": buyer,
    "EVENT": free,
    "QUEUED": queued,
    "HOLD": hold(),
    "ORDER": order,
    "PLACE": place,
}
for name, value in names.items():
    print(f"{name}={value}")
