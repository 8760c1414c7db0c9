"""The door of a Kafka that has none: TLS by OpenSSL, and a login by SASL (SCRAM by scramp).

Whoever has logged in speaks with the broker behind it, which says that the door is its address.

Usage: kafka_door.py PORT BROKER_PORT CERTIFICATE KEY USER PASSWORD
"""

import asyncio
import ssl
import sys

from scramp import ScramException, ScramMechanism

SASL_HANDSHAKE, API_VERSIONS, SASL_AUTHENTICATE = 17, 18, 36
UNSUPPORTED_SASL_MECHANISM, SASL_AUTHENTICATION_FAILED = 33, 58
MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class Plain:
    """RFC 4616. Nobody acts for anybody else."""

    def __init__(self, user, password):
        self.expected = [f"{who}\0{user}\0{password}".encode() for who in ("", user)]

    def answer(self, said):
        if said not in self.expected:
            raise ScramException("wrong name or password")
        return b"", True


class Scram:
    """RFC 5802."""

    def __init__(self, mechanism, user, password):
        mechanism = ScramMechanism(mechanism)
        known = {user: mechanism.make_auth_info(password)}
        self.server = mechanism.make_server(known.__getitem__)
        self.is_second = False

    def answer(self, said):
        if self.is_second:
            self.server.set_client_final(said.decode())
            return self.server.get_server_final().encode(), True
        self.is_second = True
        self.server.set_client_first(said.decode())
        return self.server.get_server_first().encode(), False


class Request:
    """As far as it is needed here. Version 2 of a login has other lengths, and tags behind."""

    def __init__(self, frame):
        self.frame = frame
        self.key, self.version = int.from_bytes(frame[0:2]), int.from_bytes(frame[2:4])
        self.correlation, client = frame[4:8], int.from_bytes(frame[8:10], signed=True)
        self.is_flexible = self.key == SASL_AUTHENTICATE and self.version >= 2
        self.body = frame[10 + max(client, 0) + self.is_flexible:]

    def text(self):
        return self.body[2:2 + int.from_bytes(self.body[0:2])].decode()

    def said(self):
        if not self.is_flexible:
            return self.body[4:4 + int.from_bytes(self.body[0:4])]
        assert self.body[0] < 0x80 or self.body[1] < 0x80, "no login is that long"
        if self.body[0] < 0x80:
            return self.body[1:self.body[0]]
        length = (self.body[0] & 0x7F | self.body[1] << 7) - 1
        return self.body[2:2 + length]

    def mechanisms(self, error):
        names = [len(name).to_bytes(2) + name.encode() for name in MECHANISMS]
        return self.correlation + error.to_bytes(2) + len(names).to_bytes(4) + b"".join(names)

    def outcome(self, error, said=b""):
        why = b"wrong name or password" if error else None
        if self.is_flexible:
            message = b"\0" if why is None else bytes([len(why) + 1]) + why
            length = len(said) + 1
            prefix = bytes([length]) if length < 0x80 else bytes([length & 0x7F | 0x80, length >> 7])
            return self.correlation + b"\0" + error.to_bytes(2) + message + prefix + said + bytes(9)
        message = b"\xff\xff" if why is None else len(why).to_bytes(2) + why
        lifetime = bytes(8 if self.version >= 1 else 0)
        return self.correlation + error.to_bytes(2) + message + len(said).to_bytes(4) + said + lifetime


async def read(reader):
    return await reader.readexactly(int.from_bytes(await reader.readexactly(4)))


async def write(writer, frame):
    writer.write(len(frame).to_bytes(4) + frame)
    await writer.drain()


async def copy(reader, writer):
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def log_in(client, broker, user, password):
    """Whether it did. Before it has, a client may ask for nothing but the versions."""
    (from_client, to_client), (from_broker, to_broker) = client, broker
    login = None
    while True:
        request = Request(await read(from_client))
        if request.key == API_VERSIONS:
            await write(to_broker, request.frame)
            await write(to_client, await read(from_broker))
        elif request.key == SASL_HANDSHAKE and request.text() in MECHANISMS:
            mechanism = request.text()
            login = Plain(user, password) if mechanism == "PLAIN" else Scram(mechanism, user, password)
            await write(to_client, request.mechanisms(0))
        elif request.key == SASL_HANDSHAKE:
            await write(to_client, request.mechanisms(UNSUPPORTED_SASL_MECHANISM))
        elif request.key == SASL_AUTHENTICATE and login:
            try:
                said, is_in = login.answer(request.said())
            except (ScramException, KeyError):
                await write(to_client, request.outcome(SASL_AUTHENTICATION_FAILED))
                return False
            await write(to_client, request.outcome(0, said))
            if is_in:
                return True
        else:
            return False


async def main(port, broker_port, certificate, key, user, password):
    async def welcome(*client):
        broker = await asyncio.open_connection("127.0.0.1", int(broker_port))
        try:
            if await log_in(client, broker, user, password):
                await asyncio.gather(copy(client[0], broker[1]), copy(broker[0], client[1]))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            client[1].close()
            broker[1].close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with await asyncio.start_server(welcome, "127.0.0.1", int(port), ssl=context) as server:
        print("open", flush=True)
        await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
