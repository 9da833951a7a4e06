# SPDX-License-Identifier: Apache-2.0
"""A receiver that was away: what failed and what was missed comes again, at the rate asked for, across a crash; or is fetched."""

import json
import tempfile
import unittest

from harness.process import wait_until
from harness.receiver import Receiver
from harness.signpost import Signpost

LONG_AGO = "2020-01-01T00:00:00Z"


class Replay(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="signpost-replay-")
        self.addCleanup(directory.cleanup)
        self.server = Signpost(directory.name, config='[dns]\nresolvers = ["127.0.0.1:9"]\n[network]\nallow = ["127.0.0.0/8"]\n')
        self.server.start()
        self.addCleanup(self.server.stop)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.stop)
        made = self.server.create_application(webhook_url=self.receiver.url)
        self.application, self.endpoint = made["id"], made["endpoint"]["id"]

    def flow(self, name):
        connection = self.server.connect(self.application, f"{name}.shop.example", [{"type": "A", "host": name, "value": "203.0.113.7"}], organization=name)
        self.server.v1("POST", f"/connections/{connection['id']}/flow", {"setup_type": "manual"})
        return connection

    def set_enabled(self, enabled):
        answer = self.server.v1("PATCH", f"/endpoints/{self.endpoint}?application={self.application}", {"enabled": enabled})
        self.assertEqual(answer.status, 200, answer)

    def received(self, count):
        return wait_until(lambda: (lambda all_: all_ if len(all_) >= count else None)(self.receiver.all()), f"{count} webhooks")

    def test_what_a_disabled_endpoint_missed_comes_in_order_at_the_rate_and_survives_a_crash(self):
        self.set_enabled(False)
        for name in ("one", "two", "three"):
            self.flow(name)
        pulled = self.server.v1("GET", f"/endpoints/{self.endpoint}/events?application={self.application}").json
        self.assertEqual([item["body"]["type"] for item in pulled["data"]], ["domain.flow.completed", "domain.added"] * 3)
        self.set_enabled(True)
        said = self.server.run("webhook", "replay", "--server", f"http://{self.server.api}", "--application", self.application, "--endpoint", self.endpoint,
                               "--since", LONG_AGO, "--rate", 2, "--dry-run").stdout
        self.assertIn("6 would be sent again: 0 failed, 6 missed", said)
        self.assertEqual(self.receiver.all(), [])
        scheduled = self.server.v1("POST", f"/endpoints/{self.endpoint}/replay?application={self.application}", {"since": LONG_AGO, "rate_per_second": 2})
        self.assertEqual((scheduled.status, scheduled.json["count"]), (202, 6), scheduled)
        self.received(2)
        self.server.kill()
        self.server.start()
        webhooks = self.received(6)
        first_seen = list(dict.fromkeys(one.json["event_id"] for one in webhooks))
        self.assertEqual(first_seen, [item["id"] for item in pulled["data"]], "in the order of the events")
        bodies = {item["id"]: item["body"] for item in pulled["data"]}
        for one in webhooks:
            self.assertEqual(one.json, bodies[one.headers["webhook-id"]])
            self.assertEqual(one.headers["signpost-replay"], "true")

    def test_one_delivery_is_sent_again_with_the_same_id_and_body(self):
        self.flow("one")
        first = self.received(2)[0]
        self.assertEqual(first.headers["webhook-attempt"], "1")
        self.assertNotIn("signpost-replay", first.headers)
        listed = self.server.run("webhook", "list", "--server", f"http://{self.server.api}", "--application", self.application, "--host", "one.shop.example",
                                 "--type", "domain.flow.completed", "--json").stdout
        delivery = json.loads(listed)["data"][0]
        where = ("--server", f"http://{self.server.api}", "--application", self.application)
        wait_until(lambda: "delivered 200" in self.server.run("webhook", "show", delivery["id"], *where).stdout, "the delivery to be delivered")
        self.assertIn("is sent again", self.server.run("webhook", "replay", delivery["id"], *where).stdout)
        again = self.received(3)[2]
        self.assertEqual((again.body, again.headers["webhook-id"]), (first.body, first.headers["webhook-id"]))
        self.assertEqual((again.headers["webhook-attempt"], again.headers["signpost-replay"]), ("2", "true"))
        shown = wait_until(lambda: (lambda text: text if "2. " in text and text.count("delivered 200") == 2 else None)(
            self.server.run("webhook", "show", delivery["id"], *where).stdout), "both attempts")
        self.assertIn('"type":"domain.flow.completed"', shown)


if __name__ == "__main__":
    unittest.main()
