"""Asks a server for things: what world.py and the measure `aside` have in common.

Whoever imports it was called with the server's URL and its data directory.
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
    return ask_for_version(method, path, body, token)[0]


def ask_for_version(method, path, body, token, seen=None):
    """The same, about the version that was seen last; answers the new one, too."""
    headers = {"content-type": "application/json", "idempotency-key": str(uuid.uuid4())}
    if token:
        headers["authorization"] = f"Bearer {token}"
    if seen:
        headers["if-match"] = seen
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, content, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null"), answer.headers["etag"]
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


def token_of_letter(address):
    """The token in the link of the first letter that is brought to an address."""
    for _ in range(600):
        for path in (DATA / "letters").glob("*.eml"):
            letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            found = re.search(r"token=(\S+)", letter.get_content())
            if found and address in letter["to"]:
                return found[1]
        time.sleep(0.1)
    sys.exit("no letter came within a minute")


def account(address="ada@example.org"):
    """An admin, and what they sign in with."""
    secret = {"email": address, "password": "a lantern in the fog 17"}
    ask("POST", "/api/v1/accounts", {**secret, "given_name": "Ada"}, token=None)
    confirmation = {"token": token_of_letter(address)}
    person = ask("POST", "/api/v1/accounts/confirmations", confirmation, token=None)["person"]
    ask("PUT", f"/api/v1/accounts/{person}/role", {"role": "admin"})
    return person, secret


def house(token):
    """An organiser and a venue of its own."""
    organiser = ask("POST", "/api/v1/organisers", {"name": "Lantern Live"}, token)["id"]
    place = {"street": "Am Markt 1", "city": "Köln", "country": "DE"}
    venue = {"name": "Kulturhaus", "time_zone": "Europe/Berlin", "address": place}
    return organiser, ask("POST", f"/api/v1/organisers/{organiser}/venues", venue, token)["id"]


def sign_in(secret):
    return ask("POST", "/api/v1/sign-in", secret, token=None)["access_token"]
