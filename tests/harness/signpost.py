# SPDX-License-Identifier: Apache-2.0
"""The real binary, served from a data directory of its own, and the two ways to talk to it: HTTP and its command line."""

import http.client
import json
import os
import pathlib
import re
import subprocess

from .process import Failed, Process, free_port, wait_until

BINARY = os.environ.get("SIGNPOST_BINARY", str(pathlib.Path(__file__).resolve().parents[2] / "build/release/signpost"))


class Answer:
    """An HTTP answer: status, headers (lower-case names), body; `json` parses it."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, {k.lower(): v for k, v in headers}, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


def call(address, method, path, body=None, headers=None, seconds=15):
    """One request on a connection of its own; a dict becomes JSON, bytes and text go as they are."""
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=seconds)
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, path, body=body.encode() if isinstance(body, str) else body, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())
    finally:
        connection.close()


class Signpost:
    """`signpost serve` with a configuration written for it; `start` may be called again after `kill`."""

    def __init__(self, directory, config="", binary=None, wrap=()):
        self.directory, self.binary, self.wrap = pathlib.Path(directory), str(binary or BINARY), list(wrap)
        self.data, self.key, self.process, self.starts = self.directory / "data", None, None, 0
        self.api, self.operation = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.config = self.directory / "signpost.toml"
        # Receivers on loopback have whatever port is free.
        tables = {"api": f'listen = "{self.api}"\n', "operation": f'listen = "{self.operation}"\n',
                  "webhooks": "" if "allowed_ports" in config else 'allowed_ports = ["1024-65535"]\n'}
        for name in tables:
            lines = re.search(rf"^\[{name}\]\n((?:[^\[\n].*\n|\n)*)", config, re.M)
            tables[name] += lines.group(1) if lines else ""
            config = config.replace(lines.group(0), "") if lines else config
        self.config.write_text("".join(f"[{name}]\n{lines}\n" for name, lines in tables.items()) + config)

    def start(self, seconds=30):
        self.starts += 1
        self.process = Process("signpost", [*self.wrap, self.binary, "serve", "--config", self.config, "--data", self.data],
                               self.directory / f"serve-{self.starts}.log")

        def ready():
            if self.process.child.poll() is not None:
                raise Failed(f"signpost ended with {self.process.child.returncode}:\n{self.process.output()[-3000:]}")
            try:
                return call(self.operation, "GET", "/readyz").status == 200
            except OSError:
                return False

        wait_until(ready, "signpost to be ready", seconds)
        found = re.search(r"\bsp_[A-Za-z0-9_-]+", self.process.output())
        self.key = self.key or (found and found.group(0))
        return self

    def kill(self):
        self.process.kill()

    def stop(self):
        return self.process.stop() if self.process else 0

    def run(self, *words, env=None, check=True, seconds=60, stdin=None):
        """`signpost WORDS`; with `check` an exit status other than 0 is a Failed that shows what was said."""
        done = subprocess.run([self.binary, *map(str, words)], capture_output=True, text=True, input=stdin, timeout=seconds,
                              env={**os.environ, "SIGNPOST_KEY": self.key or "", **(env or {})}, check=False)
        if check and done.returncode != 0:
            raise Failed(f"signpost {' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def v1(self, method, path, body=None, headers=None, key=None):
        """A call of /v1 with the admin key."""
        return call(self.api, method, "/v1" + path, body, {"Authorization": f"Bearer {key or self.key}", **(headers or {})})

    def create_application(self, **members):
        """Over /v1; returns what was answered: id, secret, …"""
        answer = self.v1("POST", "/applications", {"name": "Test", **members})
        if answer.status != 201:
            raise Failed(f"application not created: {answer}")
        return answer.json

    def connect(self, application, host, records, organization="acme", **members):
        answer = self.v1("POST", "/connections", {"application": application, "organization": organization, "host": host, "records": records, **members})
        if answer.status != 201:
            raise Failed(f"connection not created: {answer}")
        return answer.json
