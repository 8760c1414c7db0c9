"""Prepares a server for schemathesis, so that what it tries reaches more than "not found".

Usage: world.py URL DATA_DIRECTORY

Defines and opens one event that sells freely and one behind a waitroom, lets a guest hold, order and
queue, and makes an account that is an admin, with an organiser, a venue and a draft. Prints
NAME=value lines: what schemathesis.toml reads from the environment.
"""

from people import EARLIER, OPERATOR, account, ask, event, guest, house, sign_in

waitroom = {"slots": 100, "rate_per_minute": 600, "doors_at": EARLIER, "opens_at": EARLIER}
free, queued = event("The Lanterns"), event("The Lanterns, second night", waitroom=waitroom)
buyer = guest()["access_token"]


def hold():
    wish = {"class": 0, "count": 1}
    return ask("POST", f"/api/v1/events/{free}/holds", {"wishes": [wish]}, buyer)["id"]


order = ask("POST", "/api/v1/orders", {"hold": hold(), "provider": "sandbox"}, buyer)["id"]
place = ask("POST", f"/api/v1/events/{queued}/waitroom", {"party": 1}, buyer)["id"]

person, secret = account()
token = sign_in(secret)
organiser, venue = house(token)
draft = {"title": "The Lanterns", "venue": venue}
draft = ask("POST", f"/api/v1/organisers/{organiser}/events", draft, token)["id"]

names = {
    "ACCOUNT": token,
    "LEAVING": sign_in(secret),
    "PERSON": person,
    "OPERATOR": OPERATOR,
    "GUEST": buyer,
    "EVENT": free,
    "QUEUED": queued,
    "HOLD": hold(),
    "ORDER": order,
    "PLACE": place,
    "ORGANISER": organiser,
    "VENUE": venue,
    "DRAFT": draft,
}
for name, value in names.items():
    print(f"{name}={value}")
