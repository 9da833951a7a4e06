# SPDX-License-Identifier: Apache-2.0
"""Servers in the place of IndexNow, of Google and of a customer's live site, which remember what they got and misbehave as told."""

import base64
import contextlib
import http.server
import json
import pathlib
import re
import ssl
import threading
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .process import wait_until

KEY_ID, ACCOUNT = "key-1", "robot@project.example"
TOKEN = "google-site-verification=abc123xyz789"


class Call:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, {k.lower(): v for k, v in headers.items()}, body

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """HTTP on loopback; `answer(call) -> (status, body, *fields)`."""

    def __init__(self, address="127.0.0.1", port=0, context=None):
        self.calls, self.lock, self.delay = [], threading.Lock(), 0.0  # seconds before each answer
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                call = Call(self.command, self.path, self.headers, body)
                with owner.lock:
                    owner.calls.append(call)
                time.sleep(owner.delay)
                status, text, *fields = owner.answer(call)
                text = text.encode()
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    for name, value in fields:
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, port), Handler)
        self.server.daemon_threads = True
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http://{address}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, call):
        raise NotImplementedError

    def seen(self, matches=lambda call: True):
        with self.lock:
            return [call for call in self.calls if matches(call)]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class IndexNow(Server):
    """Checks every submission by the protocol; `behave(call)` may return a status to answer with instead."""

    def __init__(self):
        self.behave, self.wrong = None, []
        super().__init__()

    def answer(self, call):
        self.check(call)
        status = self.behave(call) if self.behave else None
        return (status or 200, "")

    def check(self, call):
        body = call.json
        host = body["host"]
        wrong = []
        if call.path != "/indexnow" or call.method != "POST":
            wrong.append(f"{call.method} {call.path}")
        if call.headers.get("content-type") != "application/json; charset=utf-8":
            wrong.append("content type")
        if not re.fullmatch(r"[a-zA-Z0-9-]{8,128}", body["key"]) or set(body) != {"host", "key", "keyLocation", "urlList"}:
            wrong.append("members")
        if not 1 <= len(body["urlList"]) <= 10000:
            wrong.append("count")
        wrong += [url for url in [body["keyLocation"], *body["urlList"]] if urllib.parse.urlsplit(url).hostname != host or not url.isascii() or " " in url]
        self.wrong.extend(wrong)

    def submissions(self):
        """The URLs of every submission so far."""
        assert not self.wrong, self.wrong
        return [call.json["urlList"] for call in self.seen()]


class Google(Server):
    """Site Verification and Search Console for one service account, whose signatures it checks."""

    def __init__(self, directory):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.behave, self.wrong, self.tokens, self.is_record_seen, self.verified, self.sites, self.sitemaps = None, [], 0, False, set(), set(), []
        super().__init__()
        self.credentials = pathlib.Path(directory) / "google.json"
        pem = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        self.credentials.write_text(json.dumps({"type": "service_account", "project_id": "p", "client_email": ACCOUNT, "private_key_id": KEY_ID,
                                                "private_key": pem, "token_uri": self.url + "/token"}))
        self.credentials.chmod(0o600)

    def answer(self, call):
        told = self.behave(call) if self.behave else None
        if told:
            return told
        if call.path == "/token":
            return self.hand_out(call)
        if call.headers.get("authorization") != f"Bearer ya29.{self.tokens}":
            return 401, json.dumps({"error": {"code": 401, "message": "Invalid Credentials"}})
        if call.path == "/siteVerification/v1/token":
            return 200, json.dumps({"method": "DNS_TXT", "token": TOKEN})
        if call.path == "/siteVerification/v1/webResource?verificationMethod=DNS_TXT":
            return self.verify(call.json["site"])
        return self.search_console(call)

    def hand_out(self, call):
        form = dict(urllib.parse.parse_qsl(call.body.decode()))
        header, claims, signature = form["assertion"].split(".")
        def read(text):
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        self.key.public_key().verify(read(signature), f"{header}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        said = json.loads(read(claims))
        expected = (json.loads(read(header)), said["iss"], said["aud"], said["exp"] - said["iat"] <= 3600, form["grant_type"])
        if expected != ({"alg": "RS256", "typ": "JWT", "kid": KEY_ID}, ACCOUNT, self.url + "/token", True, "urn:ietf:params:oauth:grant-type:jwt-bearer"):
            self.wrong.append(expected)
        self.tokens += 1
        return 200, json.dumps({"access_token": f"ya29.{self.tokens}", "expires_in": 3599, "token_type": "Bearer"})

    def verify(self, site):
        if site["type"] != "INET_DOMAIN" or not self.is_record_seen:
            return 400, json.dumps({"error": {"code": 400, "message": "The necessary verification token could not be found on your site."}})
        self.verified.add(site["identifier"])
        return 200, json.dumps({"id": "dns://" + site["identifier"], "site": site})

    def search_console(self, call):
        parts = [urllib.parse.unquote(part) for part in call.path.removeprefix("/webmasters/v3/sites/").split("/")]
        domain = parts[0].removeprefix("sc-domain:")
        if call.method != "PUT" or domain not in self.verified or (len(parts) > 1 and (parts[1] != "sitemaps" or domain not in self.sites)):
            return 403, json.dumps({"error": {"code": 403, "message": "not the owner"}})
        if len(parts) == 1:
            self.sites.add(domain)
        else:
            self.sitemaps.append(parts[2])
        return 204, ""

    def verifications(self):
        assert not self.wrong, self.wrong
        return len(self.seen(lambda call: "webResource" in call.path))


class LiveSite(Server):
    """A customer's site with TLS on port 443, whose files appear when the test says so."""

    def __init__(self, certificate, key):
        self.files = {}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        super().__init__(port=443, context=context)

    def answer(self, call):
        text = self.files.get(call.path)
        return (404, "nothing here") if text is None else (200, text)

    def wait_for_look(self, path="/search-company.txt", seconds=40):
        """Until somebody asks for the file once more."""
        before = len(self.seen(lambda call: call.path == path))
        wait_until(lambda: len(self.seen(lambda call: call.path == path)) > before, f"another look at {path}", seconds)
