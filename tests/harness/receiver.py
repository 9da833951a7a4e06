# SPDX-License-Identifier: Apache-2.0
"""A webhook receiver that remembers all it got, behaves as told, and takes nothing that breaks the published schema."""

import http.server
import json
import socket
import threading
import time

from .contract import problems_of
from .process import Failed, wait_until


class Received:
    def __init__(self, path, headers, body, life):
        self.path, self.headers, self.body = path, {k.lower(): v for k, v in headers.items()}, body
        self.life, self.at = life, time.monotonic()

    @property
    def json(self):
        return json.loads(self.body)


class Server(http.server.ThreadingHTTPServer):
    """Knows which connections it has taken and how many of them are open."""

    daemon_threads = True

    def __init__(self, *arguments):
        self.counting, self.taken, self.open = threading.Lock(), set(), 0
        super().__init__(*arguments)

    def process_request(self, request, client_address):
        with self.counting:
            self.taken.add(client_address)
            self.open += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        super().shutdown_request(request)
        with self.counting:
            self.open -= 1


class Receiver:
    """Listens on loopback; `behave(request) -> status` (default 200) may also return (status, headers, body).

    Each received webhook knows the `life` of the sender in which it was sent: the test calls `next_life` between kill and start.
    """

    def __init__(self, behave=None, address="127.0.0.1", port=0):
        self.received, self.broken, self.lock, self.life = [], [], threading.Lock(), 0
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Received(self.path, self.headers, body, owner.life)
                problems = problems_of(body)
                with owner.lock:
                    owner.received.append(request)
                    owner.broken.extend(f"{problem}, in {body[:2000]!r}" for problem in problems)
                answer = behave(request) if behave else 200
                status, headers, text = answer if isinstance(answer, tuple) else (answer, {}, b"")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = Server((address, port), Handler)
        self.url = f"http://{address}:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def all(self):
        """Whatever has arrived; Failed if any of it breaks the schema."""
        with self.lock:
            self.check()
            return list(self.received)

    def check(self):
        if self.broken:
            raise Failed("webhooks that docs/webhooks/payload.schema.json does not allow:\n" + "\n".join(self.broken))

    def wait_for(self, matches, what, seconds=30):
        """The first received webhook whose JSON `matches`."""
        return wait_until(lambda: next((r for r in self.all() if matches(r.json)), None), f"a webhook: {what}; got {[r.json.get('type') for r in self.all()]}", seconds)

    def next_life(self):
        """The sender is dead: what it had sent is read to the end before the next one begins."""
        with socket.create_connection(self.server.server_address) as last:  # connections are taken in their order
            wait_until(lambda: last.getsockname() in self.server.taken, "the receiver to take all connections")
        wait_until(lambda: self.server.open == 0, "the connections of a dead sender to end")
        self.server.taken.clear()
        self.life += 1

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.check()
