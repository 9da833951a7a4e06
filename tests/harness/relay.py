# SPDX-License-Identifier: Apache-2.0
"""A relay before a certificate authority: it passes every request on, remembers what was asked and answered, and can stop one at a chosen
moment, before the authority hears of it or when its answer is known to nobody but the relay. So a crash is put where a test wants it."""

import base64
import contextlib
import http.client
import http.server
import json
import re
import ssl
import threading

from .process import Failed

PEBBLE = {"directory": r"GET /dir", "newNonce": r"(HEAD|GET) /nonce-plz", "newAccount": r"POST /sign-me-up", "newOrder": r"POST /order-plz",
          "order": r"POST /my-order/", "authorization": r"POST /authZ/", "challenge": r"POST /chalZ/", "finalize": r"POST /finalize-order/",
          "certificate": r"POST /certZ/", "keyChange": r"POST /rollover-account-key"}
OURS = {"directory": r"GET /acme/directory\.json", "newNonce": r"(HEAD|GET) /acme/fresh", "newAccount": r"POST /acme/people$",
        "newOrder": r"POST /acme/wishes$", "order": r"POST /acme/wishes\?", "finalize": r"POST /acme/wishes/\d+/sign", "challenge": r"POST /acme/proofs/\d+/dns",
        "authorization": r"POST /acme/proofs/", "certificate": r"POST /acme/issued/", "renewalInfo": r"GET /acme/renewal/"}


class Exchange:
    """What was asked (`payload` of a signed request) and what the authority answered."""

    def __init__(self, kind, body, answer):
        self.kind, self.status, self.headers, self.body = kind, answer.status, dict(answer.getheaders()), b""
        sent = json.loads(body) if body else {}
        self.payload = base64.urlsafe_b64decode(sent.get("payload", "") + "==")

    @property
    def json(self):
        return json.loads(self.body)


class Trap:
    """Closes on the `count`th request of a kind, before or after the authority has it; what then stands still goes on with `let_go`."""

    def __init__(self, kind, moment, count=1):
        self.kind, self.moment, self.left = kind, moment, count
        self.caught, self.released, self.is_cut = threading.Event(), threading.Event(), False

    def wait(self, seconds=30):
        if not self.caught.wait(seconds):
            raise Failed(f"waited {seconds} s for a request {self.kind}")

    def let_go(self, cut=False):
        """`cut`: whoever asked hears nothing any more."""
        self.is_cut = cut
        self.released.set()


class Relay:
    """Listens on loopback, with the TLS of `front` (certificate file, key file), for an authority at `port`: plain, or with TLS under the CA `behind`."""

    def __init__(self, port, kinds, front, behind=None):
        self.kinds = {kind: re.compile(pattern) for kind, pattern in kinds.items()}
        self.exchanges, self.lock, self.armed = [], threading.Lock(), None
        trust = ssl.create_default_context(cafile=behind) if behind else None
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                self.behind = http.client.HTTPSConnection("localhost", port, timeout=30, context=trust) if behind else http.client.HTTPConnection("127.0.0.1", port, timeout=30)

            def finish(self):
                self.behind.close()
                with contextlib.suppress(OSError):
                    super().finish()

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                kind = relay.kind_of(self.command, self.path)
                if not relay.may_pass(kind, "before"):
                    self.close_connection = True
                    return
                self.behind.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    self.behind.putheader(name, value)
                self.behind.endheaders(body)
                answer = self.behind.getresponse()
                exchange = Exchange(kind, body, answer)
                exchange.body = answer.read()
                with relay.lock:
                    relay.exchanges.append(exchange)
                if not relay.may_pass(kind, "after"):
                    self.close_connection = True
                    return
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(exchange.body)))
                self.end_headers()
                self.wfile.write(exchange.body)

            do_GET = do_HEAD = do_POST = pass_on  # noqa: N815 http.server's own names

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # the client was killed: that is what a relay is for

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*front)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def kind_of(self, method, path):
        return next((kind for kind, pattern in self.kinds.items() if pattern.match(f"{method} {path}")), "other")

    def trap(self, kind, moment, count=1):
        with self.lock:
            self.armed = Trap(kind, moment, count)
            return self.armed

    def may_pass(self, kind, moment):
        with self.lock:
            trap = self.armed
            if trap is None or (trap.kind, trap.moment) != (kind, moment):
                return True
            trap.left -= 1
            if trap.left > 0:
                return True
            self.armed = None
        trap.caught.set()
        trap.released.wait(60)
        return not trap.is_cut

    def of(self, kind, since=0):
        """What was answered to requests of a kind, the first `since` exchanges left out."""
        with self.lock:
            return [one for one in self.exchanges[since:] if one.kind == kind]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
