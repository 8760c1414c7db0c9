"""The simulator, what it sends, and our adapters, for checks with the providers' SDKs."""

import json
import os
import queue
import re
import subprocess
import sys
import threading
import traceback
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIMULATOR = os.environ["SIMULATOR"]

# How long a notice may take, in seconds.
PATIENCE = 10

with open(os.environ["CREDENTIALS"], encoding="utf-8") as file:
    # What the simulator's merchant has: the constants of provider-sim/src/credentials.rs.
    credentials = dict(re.findall(r'pub const (\w+): \S+ = "?([^";]+)"?;', file.read()))


class Inbox(BaseHTTPRequestHandler):
    """Takes what is sent, and says what every provider wants to hear."""

    notices = queue.Queue()

    def take(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.notices.put(
            {
                "provider": path[1:],
                "method": self.command,
                "headers": headers,
                "query": query,
                "body": body.decode(),
            }
        )
        answer = b'{"RspCode":"00","Message":"Confirm Success","return_code":1}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = take

    def log_message(self, *_):
        pass


def notice(fits):
    """Waits for a notice that fits; what comes before it is of no interest."""
    while True:
        each = Inbox.notices.get(timeout=PATIENCE)
        if fits(each):
            return each


adapters = subprocess.Popen(
    [os.environ["ADAPTERS"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)


def adapter(provider, **wish):
    """Asks an adapter."""
    line = {"provider": provider, "api": f"{SIMULATOR}/{provider}", **wish}
    adapters.stdin.write(json.dumps(line) + "\n")
    adapters.stdin.flush()
    return json.loads(adapters.stdout.readline())


def named(order, **whose):
    """What the adapters call an order."""
    return adapter("stripe", do="name", order=order, **whose)["name"]


def verified(told, **whose):
    """What an adapter reads in a notice."""
    wish = {name: told[name] for name in ("method", "headers", "query", "body")}
    return adapter(told["provider"], do="verify", **wish, **whose)


def act(provider, reference, what):
    """Acts as a buyer. Returns what a browser would be told."""
    name = urllib.parse.quote(reference, safe="")
    url = f"{SIMULATOR}/sim/{provider}/{name}/{what}"
    with urllib.request.urlopen(urllib.request.Request(url, method="POST")) as answer:
        return json.load(answer)


def raises(kind, call):
    """Whether the call ends with an error of this kind."""
    try:
        call()
    except kind:
        return True
    return False


def checks(package, tried):
    """The checks of a class, in their order."""
    names = [name for name in vars(type(tried)) if "_" in name.strip("_")]
    names = [name for name in names if name[0] != "_"]
    return [(f"PyPI {package}: {name.replace('_', ' ')}", getattr(tried, name)) for name in names]


def run(checks):
    """Runs checks one after the other; the first that fails ends the program."""
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["NOTICES_PORT"])), Inbox)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, check in checks:
        try:
            check()
        except Exception:
            print(f"WRONG {name}", flush=True)
            traceback.print_exc()
            sys.exit(1)
        print(f"ok    {name}", flush=True)
    adapters.stdin.close()
    adapters.wait()
