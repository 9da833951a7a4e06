# SPDX-License-Identifier: Apache-2.0
"""Webhooks of the hosted Entri come in: the page's own commands, and what is taken survives kill -9."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

from harness.signpost import Signpost, call

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs/webhooks/receiving.md").read_text()
OPEN, SEND = re.findall(r"```sh\n(.*?)```", PAGE, re.S)[:2]
SECRET = "0123456789abcdef0123456789abcdef"


class Receiving(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="signpost-receiving-")
        self.addCleanup(directory.cleanup)
        self.server = Signpost(directory.name, config='[dns]\nresolvers = ["127.0.0.1:9"]\n')
        self.server.start()
        self.addCleanup(self.server.stop)
        self.application = self.server.create_application()["id"]
        self.connection = self.server.connect(self.application, "www.shop.example", [{"type": "A", "host": "www", "value": "203.0.113.7"}])

    def shell(self, commands):
        done = subprocess.run(["bash", "-euc", commands], capture_output=True, text=True, timeout=30, check=True,
                              env={**os.environ, "SIGNPOST": self.server.api, "SIGNPOST_KEY": self.server.key, "APPLICATION": self.application, "ENTRI_SECRET": SECRET})
        return json.loads(done.stdout)

    def flow(self):
        return self.server.v1("GET", f"/connections/{self.connection['id']}").json["flow"]

    def test_the_commands_of_the_page_work(self):
        opened = self.shell(OPEN)
        self.assertEqual({name: opened["entri_receiver"][name] for name in ("form", "allow_v1", "source_addresses")},
                         {"form": "digest", "allow_v1": False, "source_addresses": []})
        self.assertEqual(self.shell(SEND), {"outcome": "applied"})
        self.assertEqual((self.flow()["setup_type"], self.flow()["provider"]), ("automatic", "cloudflare"))

    def test_what_was_taken_is_known_after_a_crash(self):
        self.shell(OPEN)
        body, at = json.dumps({"id": "flow-7", "type": "domain.flow.completed", "domain": "shop.example", "subdomain": "www", "setup_type": "manual"}), str(int(time.time()))
        headers = {"Entri-Timestamp": at, "Entri-Signature-V2": hashlib.sha256(f"flow-7{at}{SECRET}".encode()).hexdigest()}
        path = f"/webhooks/entri/{self.application}"
        self.assertEqual(call(self.server.api, "POST", path, body, headers).json, {"outcome": "applied"})
        self.server.kill()
        self.server.start()
        self.assertEqual(call(self.server.api, "POST", path, body, headers).json, {"outcome": "duplicate"})
        metrics = call(self.server.operation, "GET", "/metrics").body.decode()
        self.assertIn('signpost_received_webhooks_total{outcome="duplicate"} 1', metrics)
        log = self.server.process.output()
        self.assertNotIn(SECRET, log)


if __name__ == "__main__":
    unittest.main()
