# SPDX-License-Identifier: Apache-2.0
"""Our own certificate authority (tests/authority), which has what Debian's Pebble lacks, ARI, profiles and CAA among it, and any trouble at will.

It speaks plain HTTP on loopback. What can be chosen, and what can be asked: src/acme/testing/authority_control.h.
"""

import json
import os
import pathlib
import urllib.error
import urllib.request

from .process import Failed, Process, free_port


def beside_the_binary():
    """acme_authority is built with the unit tests, into the folder of the binary that is tested."""
    found = pathlib.Path(os.environ.get("SIGNPOST_BINARY", "build/release/signpost")).parent / "acme_authority"
    if not found.exists():
        raise Failed(f"{found} is not there: build the target acme_authority")
    return found


class Authority:
    """`resolver` ("127.0.0.1:5353") is asked for TXT records; without it they are what set_txt says."""

    def __init__(self, directory, resolver=None, program=None):
        self.port, self.control_port = free_port(), free_port()
        self.program, self.resolver, self.log, self.process = program or beside_the_binary(), resolver, pathlib.Path(directory) / "authority.log", None

    @property
    def directory_url(self):
        return f"http://127.0.0.1:{self.port}/acme/directory.json"

    def start(self):
        words = [self.program, f"127.0.0.1:{self.port}", f"127.0.0.1:{self.control_port}", *([self.resolver] if self.resolver else [])]
        self.process = Process("acme_authority", words, self.log)
        self.process.wait_for("ready")
        return self

    def _ask(self, path, members=None):
        body = None if members is None else json.dumps(members).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.control_port}{path}", body), timeout=10) as reply:
                return json.loads(reply.read())
        except urllib.error.HTTPError as refused:
            raise Failed(f"the authority refuses {path}: {refused.read().decode()}") from None

    def choose(self, **choices):
        self._ask("/choices", choices)

    def answer_once(self, status, where="", type="", detail="", retry_after=""):  # noqa: A002 the document's own word
        """The next request (to `where`) is answered like this instead."""
        self._ask("/canned", {"status": status, "where": where, "type": type, "detail": detail, "retry_after": retry_after})

    def set_txt(self, name, *values):
        self._ask("/txt", {"name": name, "values": values})

    def forget_accounts(self):
        self._ask("/accounts", {"forget": True})

    def deactivate_accounts(self):
        self._ask("/accounts", {"deactivate": True})

    def expire_orders(self):
        self._ask("/orders", {"expire": True})

    def set_window(self, renewal_id, start, end):
        """RFC 3339 in UTC."""
        self._ask("/window", {"renewal_id": renewal_id, "start": start, "end": end})

    def be_seen_at(self, url):
        """Clients reach it there ("http://127.0.0.1:4000"); before the first request."""
        self._ask("/base", {"url": url})

    def state(self):
        return self._ask("/state")

    def stop(self):
        if self.process:
            self.process.stop(5)
