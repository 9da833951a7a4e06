#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A webhook receiver that misbehaves in every way we know of, each on a port of its own. `receiver.py DIRECTORY [SECONDS]`.

Serves on 127.0.0.1, writes DIRECTORY/listening.json ({behaviour: port}) and ends by itself after SECONDS (300), or when its standard input ends.
A GET on the port "ledger" answers what each behaviour has seen. The certificates of the behaviours tls_… are in DIRECTORY (certificates.py).
No connection lives longer than a minute or is sent more than BYTES_MAX. One process, one asyncio loop, and threads for TLS; owned by the test that started it.
"""

import asyncio
import contextlib
import email.utils
import gzip
import json
import os
import pathlib
import socket
import ssl
import struct
import sys
import threading
import time

import OpenSSL.SSL

HOST = "127.0.0.1"
CONNECTION_SECONDS_MAX = 60
BYTES_MAX = 64 << 20  # what a sender that reads on and on would be sent
REQUEST_BYTES_MAX = 1 << 20
PIECE = b"x" * 16384
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Seen:
    """What one behaviour has seen."""

    def __init__(self):
        self.connections, self.bytes_sent, self.requests = 0, 0, []  # of requests when each was whole, and its head


class Peer:
    """One connection of the sender."""

    def __init__(self, reader, writer, seen):
        self.reader, self.writer, self.seen, self.sent = reader, writer, seen, 0

    async def request(self):
        """One whole request; False once the sender has closed."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
            await self.reader.readexactly(min(length, REQUEST_BYTES_MAX))
        except asyncio.IncompleteReadError:
            return False
        self.seen.requests.append((time.time(), head.decode("latin-1")))
        return True

    async def send(self, data):
        """False once the sender is gone or has been sent enough."""
        self.writer.write(data)
        self.seen.bytes_sent += len(data)
        self.sent += len(data)
        await self.writer.drain()
        return self.sent < BYTES_MAX and not self.writer.is_closing()

    async def until_closed(self):
        while await self.reader.read(65536):
            pass

    def reset(self):
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


BEHAVIOURS = {}


def behaviour(function):
    BEHAVIOURS[function.__name__] = function
    return function


def answers(name, *parts, keeps=True):
    """A behaviour that answers every request with these bytes, and closes after the first unless it keeps the connection."""
    async def answer(peer):
        while await peer.request():
            for part in parts:
                await peer.send(part() if callable(part) else part)
            if not keeps:
                return
    BEHAVIOURS[name] = answer


def http(status, headers=(), body=b"", length=True):
    lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else [])]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


# --- silence and slowness -------------------------------------------------------------------------------------------------------------

@behaviour
async def silent(peer):
    """Takes the request and never answers."""
    await peer.request()
    await peer.until_closed()


@behaviour
async def reads_nothing(peer):
    """Takes the connection only."""
    await asyncio.sleep(CONNECTION_SECONDS_MAX)


async def drip(peer, text):
    for byte in text:
        if not await peer.send(bytes([byte])):
            return
        await asyncio.sleep(1)


@behaviour
async def drips_head(peer):
    await peer.request()
    await drip(peer, OK + b" " * 100)


@behaviour
async def drips_body(peer):
    await peer.request()
    await peer.send(http("200 OK", ["Content-Length: 1000000"], length=False))
    await drip(peer, b"drip" * 30)


@behaviour
async def drips_chunks(peer):
    await peer.request()
    await peer.send(http("200 OK", ["Transfer-Encoding: chunked"], length=False))
    for _ in range(100):
        if not await peer.send(b"1\r\nx\r\n"):
            return
        await asyncio.sleep(1)


# --- too much -------------------------------------------------------------------------------------------------------------------------

async def pour(peer, head, piece):
    await peer.request()
    await peer.send(head)
    while await peer.send(piece):
        pass


def pours(name, head, piece):
    async def pouring(peer):
        await pour(peer, head, piece)
    BEHAVIOURS[name] = pouring


pours("head_without_end", b"HTTP/1.1 200 OK\r\n", b"X-Endless: " + b"a" * 1000 + b"\r\n")
pours("head_line_without_end", b"HTTP/1.1 200 ", PIECE)
pours("interim_without_end", b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
pours("body_without_length", b"HTTP/1.1 200 OK\r\n\r\n", PIECE)
pours("body_of_10_gb", http("200 OK", ["Content-Length: 10737418240"], length=False), PIECE)
pours("body_chunked_without_end", http("200 OK", ["Transfer-Encoding: chunked"], length=False), b"4000\r\n" + PIECE + b"\r\n")
pours("body_of_tiny_chunks", http("200 OK", ["Transfer-Encoding: chunked"], length=False), b"1\r\nx\r\n" * 2000)
pours("chunk_extension_without_end", http("200 OK", ["Transfer-Encoding: chunked"], length=False) + b"1;", PIECE)
pours("trailer_without_end", http("200 OK", ["Transfer-Encoding: chunked"], length=False) + b"0\r\n", b"X-Endless: " + b"a" * 1000 + b"\r\n")
pours("gzip_bomb", http("200 OK", ["Content-Encoding: gzip", "Transfer-Encoding: chunked"], length=False), b"%x\r\n%s\r\n" % (len(BOMB := gzip.compress(bytes(32 << 20), 9)), BOMB))
answers("head_field_of_1_mb", http("200 OK", ["X-Long: " + "a" * (1 << 20)]))
answers("head_of_10000_fields", http("200 OK", ["X-Many: 1"] * 10000))
answers("head_of_101_fields", http("200 OK", ["X-Many: 1"] * 100))
answers("head_of_99_fields", http("200 OK", ["X-Many: 1"] * 98))

# --- lies about length ----------------------------------------------------------------------------------------------------------------

SMUGGLED = b"HTTP/1.1 500 Smuggled\r\nContent-Length: 0\r\n\r\n"
answers("length_too_short", OK + SMUGGLED)
answers("length_too_long", http("200 OK", ["Content-Length: 50"], length=False) + b"ok", keeps=False)
answers("length_twice_different", http("200 OK", ["Content-Length: 1", "Content-Length: 2"], length=False) + b"ab")
answers("length_list_different", http("200 OK", ["Content-Length: 1, 2"], length=False) + b"ab")
answers("length_twice_same", http("200 OK", ["Content-Length: 2", "Content-Length: 2"], length=False) + b"ok")
answers("length_negative", http("200 OK", ["Content-Length: -1"], length=False))
answers("length_of_words", http("200 OK", ["Content-Length: ten"], length=False))
answers("length_hexadecimal", http("200 OK", ["Content-Length: 0x2"], length=False) + b"ok")
answers("length_beyond_64_bits", http("200 OK", ["Content-Length: 99999999999999999999"], length=False) + b"ok")
answers("length_and_chunked", http("200 OK", ["Content-Length: 3", "Transfer-Encoding: chunked"], length=False) + b"0\r\n\r\n" + SMUGGLED)
answers("chunked_and_length", http("200 OK", ["Transfer-Encoding: chunked", "Content-Length: 3"], length=False) + b"0\r\n\r\n" + SMUGGLED)
answers("chunked_twice", http("200 OK", ["Transfer-Encoding: chunked, chunked"], length=False) + b"0\r\n\r\n")
answers("chunked_unknown", http("200 OK", ["Transfer-Encoding: xchunked"], length=False) + b"0\r\n\r\n")
answers("chunk_bad_size", http("200 OK", ["Transfer-Encoding: chunked"], length=False) + b"zz\r\nok\r\n0\r\n\r\n")
answers("chunk_negative", http("200 OK", ["Transfer-Encoding: chunked"], length=False) + b"-2\r\nok\r\n0\r\n\r\n")
answers("chunk_too_short", http("200 OK", ["Transfer-Encoding: chunked"], length=False) + b"2\r\nok_and_more\r\n0\r\n\r\n")
answers("chunk_beyond_64_bits", http("200 OK", ["Transfer-Encoding: chunked"], length=False) + b"ffffffffffffffffff\r\nok\r\n0\r\n\r\n")
answers("chunk_good", http("200 OK", ["Transfer-Encoding: chunked"], length=False) + b"2;x=y\r\nok\r\n0\r\nT: t\r\n\r\n")
answers("body_with_204", http("204 No Content", ["Content-Length: 44"], length=False) + SMUGGLED)
answers("body_with_304", http("304 Not Modified", ["Content-Length: 44"], length=False) + SMUGGLED)


@behaviour
async def smuggles_late(peer):
    """A second answer follows while the connection rests."""
    while await peer.request():
        await peer.send(OK)
        await asyncio.sleep(0.1)
        await peer.send(SMUGGLED)


# --- what is no answer, or an odd one -------------------------------------------------------------------------------------------------

answers("speaks_ssh", b"SSH-2.0-OpenSSH_9.2\r\n")
answers("speaks_smtp", b"220 mail.example ESMTP\r\n")
H2_SETTINGS = bytes.fromhex("000012040000000000000300000064000400a00000000200000000")
answers("speaks_http_2", H2_SETTINGS)
answers("speaks_http_0_9", b"<html>hello</html>", keeps=False)
answers("speaks_tls", bytes.fromhex("15030100020246"), keeps=False)
answers("version_2", b"HTTP/2 200\r\n\r\n", keeps=False)
answers("version_1_0", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", keeps=False)
answers("status_of_words", b"HTTP/1.1 abc OK\r\n\r\n", keeps=False)
answers("status_of_four_digits", b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", keeps=False)
answers("status_99", b"HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n", keeps=False)
answers("status_999", http("999 Odd"))
answers("status_without_reason", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok")
answers("head_with_nul", http("200 OK", ["X-Nul: a\0b"]))
answers("head_with_bare_lf", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", keeps=False)
answers("head_with_blank_before_colon", http("200 OK", ["Content-Length : 2"], length=False) + b"ok")
answers("head_without_colon", http("200 OK", ["nonsense"]))
answers("head_folded", http("200 OK", ["X-Folded: a\r\n b"]))
answers("body_not_text", http("200 OK", body=bytes(range(256))))
answers("body_of_20000", http("200 OK", body="ü".encode() * 10000))
answers("interim_100_and_103", http("100 Continue", length=False) + http("103 Early Hints", ["Link: </a>; rel=preload"], length=False) + http("201 Created"))
answers("interim_102_only", http("102 Processing", length=False), keeps=False)
answers("switches_protocols", http("101 Switching Protocols", ["Upgrade: h2c", "Connection: Upgrade"], length=False))
for status in (202, 204, 205, 206, 299, 304, 400, 401, 403, 404, 413, 500, 501, 502, 504):
    answers(f"answers_{status}", http(f"{status} S", length=status not in (204, 304)))
answers("answers_410", http("410 Gone"))

@behaviour
async def tls_never_shakes_hands(peer):
    await peer.until_closed()


@behaviour
async def tls_on_a_plain_port(peer):
    await peer.reader.read(65536)
    await peer.send(http("400 Bad Request", ["Connection: close"], b"this port speaks plain HTTP"))


# --- redirects ------------------------------------------------------------------------------------------------------------------------

for status in (300, 301, 302, 303, 307, 308):
    answers(f"redirects_{status}", http(f"{status} S", ["Location: http://169.254.169.254/latest/meta-data/"]))
for name, location in {"file": "file:///etc/passwd", "gopher": "gopher://127.0.0.1:6379/_FLUSHALL", "relative": "/other", "to_http": "http://hooks.shop.example/",
                       "with_control": "http://a.example/\x01\x7f", "long": "http://a.example/" + "a" * 9000, "empty": ""}.items():
    answers(f"redirects_{name}", http("302 Found", [f"Location: {location}"]))
# The port is put in when it is known: a redirect to the door next to it, where nobody may come by.
answers("redirects_to_trap", lambda: http("307 Temporary Redirect", [f"Location: http://{HOST}:{PORTS['trap']}/"]))
answers("redirects_300_times", http("302 Found", ["Location: http://10.0.0.1/"] * 90))
answers("trap", OK)

# --- broken connections ---------------------------------------------------------------------------------------------------------------


@behaviour
async def resets_at_once(peer):
    peer.reset()


@behaviour
async def closes_at_once(peer):
    pass


@behaviour
async def resets_after_request(peer):
    await peer.request()
    peer.reset()


@behaviour
async def closes_after_request(peer):
    await peer.request()


@behaviour
async def closes_in_head(peer):
    await peer.request()
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-Le")


@behaviour
async def answers_before_reading(peer):
    await peer.send(http("413 Content Too Large", ["Connection: close"]))
    await peer.request()


@behaviour
async def closes_while_idle(peer):
    """Keeps the connection, as it says, but not for long."""
    await peer.request()
    await peer.send(OK)


@behaviour
async def resets_as_we_write(peer):
    """Keeps the connection until the next request is on its way."""
    if await peer.request() and peer.seen.connections == 1:
        await peer.send(OK)
        await peer.reader.read(1)
        peer.reset()
    else:
        await peer.send(OK)
        while await peer.request():
            await peer.send(OK)


@behaviour
async def closes_inside_second_answer(peer):
    if await peer.request():
        await peer.send(OK)
        if await peer.request():
            await peer.send(b"HTTP/1.1 2")


# --- come later -----------------------------------------------------------------------------------------------------------------------

def in_seconds(seconds):
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


for status in (429, 503):
    for name, value in {"seconds": "120", "ten_years": "315360000", "past": "Sun, 06 Nov 1994 08:49:37 GMT", "garbage": "soon", "negative": "-5", "zero": "0", "none": None}.items():
        answers(f"later_{status}_{name}", http(f"{status} S", [f"Retry-After: {value}"] if value is not None else []))
    answers(f"later_{status}_date", lambda status=status: http(f"{status} S", [f"Retry-After: {in_seconds(300)}"]))
    answers(f"later_{status}_date_in_ten_years", lambda status=status: http(f"{status} S", [f"Retry-After: {in_seconds(315360000)}"]))

# Standard Webhooks' wishes of a receiver.
for wish in ("disable", "abort-message", "Abort-Message", "nonsense"):
    answers(f"wishes_{wish.replace('-', '_')}", http("500 S", [f"webhook-delivery: {wish}"]))
for wish in ("disable", "abort-message"):
    answers(f"takes_and_wishes_{wish.replace('-', '_')}", http("200 OK", [f"webhook-delivery: {wish}"]))
answers("healthy", OK)

# --- TLS ------------------------------------------------------------------------------------------------------------------------------


def tls_context(directory, certificate="good"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")  # before the certificate, or a weak one is refused by the server itself
    context.load_cert_chain(directory / f"{certificate}.pem")
    return context


def refuse_name(_socket, _name, _context):
    return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME


def tls_contexts(directory):
    found = {f"tls_{name}": tls_context(directory, name) for name in json.loads((directory / "certificates.json").read_text())}
    for name, version in {"tls_1_0_only": ssl.TLSVersion.TLSv1, "tls_1_1_only": ssl.TLSVersion.TLSv1_1, "tls_1_2_only": ssl.TLSVersion.TLSv1_2}.items():
        found[name] = tls_context(directory)
        found[name].minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        found[name].maximum_version = version
    found["tls_no_common_cipher"] = tls_context(directory)
    found["tls_no_common_cipher"].maximum_version = ssl.TLSVersion.TLSv1_2
    found["tls_no_common_cipher"].set_ciphers("AES128-SHA")  # of RSA keys, and ours is of a curve
    found["tls_name_refused"] = tls_context(directory)
    found["tls_name_refused"].sni_callback = refuse_name
    found["tls_speaks_http_2"] = tls_context(directory)
    for name, version in {"tls_wants_client_certificate": ssl.TLSVersion.TLSv1_3, "tls_1_2_wants_client_certificate": ssl.TLSVersion.TLSv1_2}.items():
        found[name] = tls_context(directory)
        found[name].maximum_version = version
        found[name].verify_mode = ssl.CERT_REQUIRED
        found[name].load_verify_locations(directory / "authority.pem")
    return found


def read_request(connection, seen):
    """One whole request, blocking; False once the sender has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return False
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < min(length, REQUEST_BYTES_MAX):
        piece = connection.recv(65536)
        if not piece:
            return False
        body += piece
    seen.requests.append((time.time(), head.decode("latin-1")))
    return True


class H2Only:
    """Refuses whoever does not speak HTTP/2, by the alert of RFC 7301; the ssl module cannot."""

    def __init__(self, directory):
        def select(_connection, _protocols):
            raise ssl.SSLError("only h2")  # which makes it the alert no_application_protocol

        self.context = OpenSSL.SSL.Context(OpenSSL.SSL.TLS_SERVER_METHOD)
        self.context.use_certificate_chain_file(str(directory / "good.pem"))
        self.context.use_privatekey_file(str(directory / "good.pem"))
        self.context.set_alpn_select_callback(select)

    def wrap_socket(self, raw, server_side):
        raw.settimeout(None)
        connection = OpenSSL.SSL.Connection(self.context, raw)
        connection.set_accept_state()
        connection.do_handshake()
        return connection


def serve_tls(name, context):
    """On threads with OpenSSL's own sockets: asyncio's TLS ends a handshake that fails without the alert that says why."""
    seen = SEEN[name] = Seen()
    listener = socket.create_server((HOST, 0), backlog=64)
    PORTS[name] = listener.getsockname()[1]

    def serve_one(raw):
        raw.settimeout(CONNECTION_SECONDS_MAX)
        with contextlib.suppress(OSError, ssl.SSLError, OpenSSL.SSL.Error), raw:
            with context.wrap_socket(raw, server_side=True) as connection:
                while read_request(connection, seen):
                    connection.sendall(H2_SETTINGS if name == "tls_speaks_http_2" else OK)

    def accept():
        while True:
            raw, _ = listener.accept()
            seen.connections += 1
            threading.Thread(target=serve_one, args=(raw,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


# --- the server -----------------------------------------------------------------------------------------------------------------------

PORTS, SEEN, KEPT = {}, {}, []


async def ledger(reader, writer):
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http("200 OK", ["Connection: close"], json.dumps({name: vars(seen) for name, seen in SEEN.items()}).encode()))
        await writer.drain()
    writer.close()


async def serve(name, play):
    seen = SEEN[name] = Seen()

    async def connected(reader, writer):
        seen.connections += 1
        with contextlib.suppress(ConnectionError, TimeoutError, asyncio.TimeoutError, asyncio.LimitOverrunError, OSError):
            await asyncio.wait_for(play(Peer(reader, writer, seen)), CONNECTION_SECONDS_MAX)
        writer.close()

    server = await asyncio.start_server(connected, HOST, 0)
    PORTS[name] = server.sockets[0].getsockname()[1]
    KEPT.append(server)


def refuse_connections():
    """A port that is taken, so that nobody else listens, and that answers every SYN with RST."""
    taken = socket.socket()
    taken.bind((HOST, 0))
    PORTS["refuses"] = taken.getsockname()[1]
    KEPT.append(taken)


def swallow_connections():
    """A full queue of connections: the kernel drops every further SYN."""
    full = socket.socket()
    full.bind((HOST, 0))
    full.listen(0)
    PORTS["drops_syn"] = full.getsockname()[1]
    KEPT.append(full)
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex((HOST, PORTS["drops_syn"]))
        KEPT.append(filler)


async def main(directory, seconds):
    for name, play in BEHAVIOURS.items():
        await serve(name, play)
    for name, context in {**tls_contexts(directory), "tls_h2_only": H2Only(directory)}.items():
        serve_tls(name, context)
    refuse_connections()
    swallow_connections()
    server = await asyncio.start_server(ledger, HOST, 0)
    PORTS["ledger"] = server.sockets[0].getsockname()[1]
    written = directory / "listening.json.new"
    written.write_text(json.dumps(PORTS))
    written.rename(directory / "listening.json")
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # a peer that breaks off is what we are here for
    orphaned = asyncio.Event()
    loop.add_reader(0, lambda: orphaned.set() if not os.read(0, 4096) else None)
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(orphaned.wait(), seconds)
    os._exit(0)  # connections that hang are not waited for


if __name__ == "__main__":
    asyncio.run(main(pathlib.Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 300))
