# SPDX-License-Identifier: Apache-2.0
"""The contract of webhooks as receivers meet it: schema, samples, tester, and the last webhook of a flow."""

import json
import tempfile
import unittest

from harness.contract import problems_of
from harness.process import free_port
from harness.receiver import Receiver
from harness.signpost import Signpost, call
from verifier import verify_entri

# Seed 001, "Example webhook payload", as it is published.
PUBLISHED_EXAMPLE = """{
  "id": "1234567890-abcdefg-1234567890", "user_id": "your-provided-user-id", "domain": "example.com", "subdomain": "shop",
  "provider" : "cloudflare", "type": "domain.added", "propagation_status": "pending", "dkim_status": "success", "redirection_status": "exempt",
  "setup_type": "automatic", "secure_status": "success", "power_status": "success", "monitor_status": "pending", "dmarc_updated": "exempt",
  "cname_target": "my.saascompany.com", "purchased_domains": ["domain1.com", "domain2.com", "domainN.com"], "free_domain": true,
  "data": {
    "records_propagated": [
      {"type": "A", "host": "smallbusiness.com", "value": "54.153.2.220", "applicationUrl": "www.example.com", "powerRootPathAccess": ["path1", "path2", "pathN"]},
      {"type": "CNAME", "host": "www", "value": "smallbusiness.com"}],
    "records_non_propagated": []}}"""
RECORD = {"type": "CNAME", "host": "www", "value": "app.saas.example"}


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="signpost-contract-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.server = Signpost(cls.directory.name + "/signpost", config=(
            f'[dns]\nresolvers = ["127.0.0.1:{free_port()}"]\nlook_budget = "300ms"\nserver_budget = "100ms"\n[network]\nallow = ["127.0.0.0/8"]\n'))
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.stop)
        cls.application = cls.server.create_application(name="Contract", webhook_url=cls.receiver.url, cname_target="app.saas.example")
        cls.endpoint = cls.application["endpoint"]["id"]
        types = cls.server.v1("GET", "/event-types")
        cls.samples = {row["type"]: row["sample"] for row in types.json["data"]}

    def connect(self, host, **members):
        made = self.server.connect(self.application["id"], host, [RECORD], **members)
        return made

    def end_flow(self, connection, **members):
        answer = self.server.v1("POST", f"/connections/{connection['id']}/flow", {"setup_type": "manual", **members})
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def webhook(self, connection, type_name):
        return self.receiver.wait_for(lambda body: body["job_id"] == connection["job_id"] and body["type"] == type_name, type_name)

    def last(self, flow):
        token = call(self.server.api, "POST", "/token", {"applicationId": self.application["id"], "secret": self.application["secret"]}).json["auth_token"]
        return call(self.server.api, "GET", f"/webhooks/last/{flow}", headers={"Authorization": token})

    def test_every_sample_keeps_the_schema(self):
        self.assertEqual(len(self.samples), 17)
        for name, sample in self.samples.items():
            with self.subTest(name):
                self.assertEqual(problems_of(sample), [])

    def test_published_example_keeps_the_schema_with_what_signpost_adds(self):
        example = json.loads(PUBLISHED_EXAMPLE)
        added = {"event_id": "evt_0000000000001", "job_id": example["id"], "sequence": 1, "created_at": "2026-11-30T12:00:00.000Z"}
        self.assertEqual(problems_of({**example, **added}), [])
        schema = json.loads(self.server.run("webhook", "schema").stdout)
        order = [name for name in schema["properties"] if name in example]
        self.assertEqual(order, list(example))

    def test_schema_refuses_what_the_seed_does_not_have(self):
        def broken(name, **members):
            return problems_of({key: value for key, value in {**self.samples[name], **members}.items() if value is not None})
        for name, members in (("domain.flow.completed", {"propagation_status": "pending"}), ("domain.added", {"propagation_status": "exempt"}),
                              ("purchase.confirmation.expired", {"propagation_status": "pending"}), ("domain.added", {"propagation_status": None}),
                              ("domain.added", {"data": None}), ("domain.record_missing", {"monitor_status": "exempt"}), ("domain.added", {"dmarc_updated": True}),
                              ("domain.added", {"setup_type": "sharedLogin"}), ("domain.added", {"free_domain": "true"}), ("domain.added", {"type": "domain.timeout"}),
                              ("domain.added", {"purchased_domains": []}), ("domain.added", {"updated_objects": ["data"]}), ("domain.added", {"ssl_status": "success"}),
                              ("domain.added", {"data": {"records_propagated": [{"type": "A", "host": "@"}], "records_non_propagated": []}})):
            with self.subTest(f"{name} {members}"):
                self.assertTrue(broken(name, **members))

    def test_schema_and_page_are_those_that_the_program_prints(self):
        for command, file in (("schema", "payload.schema.json"), ("docs", "events.md")):
            with open(f"../docs/webhooks/{file}", encoding="utf-8") as published:
                self.assertEqual(self.server.run("webhook", command).stdout, published.read(), file)

    def test_tester_sends_every_type_to_the_endpoint(self):
        endpoint = self.server.v1("POST", f"/applications/{self.application['id']}/endpoints", {"url": self.receiver.url, "enabled": False}).json["id"]
        for number, name in enumerate(self.samples):
            if number % 5 == 0:  # each endpoint takes five at once
                endpoint = self.server.v1("POST", f"/applications/{self.application['id']}/endpoints", {"url": self.receiver.url, "enabled": False}).json["id"]
            with self.subTest(name):
                done = self.server.v1("POST", f"/endpoints/{endpoint}/test?application={self.application['id']}", {"type": name})
                self.assertEqual((done.status, done.json["success"], done.json["detail"]), (200, True, "answered 200 OK"), done)
                sent = json.loads(done.json["request"]["body"])
                arrived = self.receiver.wait_for(lambda body, wanted=sent: body["event_id"] == wanted["event_id"], name)
                self.assertEqual(arrived.headers["signpost-test"], "true")
                self.assertEqual(arrived.json["type"], name)
                if not name.startswith("signpost."):
                    verified = verify_entri.verify(arrived.headers, arrived.body, self.application["secret"])
                    self.assertTrue(all(verified.values()), verified)
        deliveries = self.server.v1("GET", f"/deliveries?application={self.application['id']}&endpoint={endpoint}").json["data"]
        self.assertEqual(deliveries, [], "a test is no delivery")

    def test_tester_on_the_command_line_shows_request_answer_and_timing(self):
        done = self.server.run("webhook", "test", self.endpoint, "--type", "domain.record_missing", "--application", self.application["id"],
                               "--server", f"http://{self.server.api}")
        for part in ("POST " + self.receiver.url, "Signpost-Test: true", '"type":"domain.record_missing"', "answered 200 OK", "total "):
            self.assertIn(part, done.stdout)
        refused = self.server.run("webhook", "test", self.endpoint, "--type", "domain.timeout", check=False)
        self.assertEqual(refused.returncode, 2, refused.stderr)

    def test_members_that_the_flow_gave_are_in_its_webhooks(self):
        connection = self.server.connect(self.application["id"], "power.shop.example", [
            {"type": "CNAME", "host": "power", "value": "app.saas.example", "application_url": "www.example.com", "power_root_path_access": ["path1", "path2"]}],
            organization="power", free_domain=True, redirection={"from": "apex", "to": "https://power.shop.example"})
        self.end_flow(connection, dmarc_updated="true")
        added = self.webhook(connection, "domain.added").json
        self.assertEqual((added["free_domain"], added["dmarc_updated"], added["redirection_status"]), (True, "true", "pending"))
        self.assertEqual(added["data"]["records_non_propagated"], [{"type": "CNAME", "host": "power", "value": "app.saas.example",
                                                                    "applicationUrl": "www.example.com", "powerRootPathAccess": ["path1", "path2"]}])
        self.assertNotIn("monitor_status", added)

    def test_last_webhook_is_found_by_its_flow_and_by_its_origin_after_a_restart(self):
        origin = self.connect("origin.shop.example", organization="origin")
        derived = self.connect("derived.shop.example", organization="derived", origin_flow_id=origin["job_id"])
        self.end_flow(derived)
        added = self.webhook(derived, "domain.added")
        self.assertEqual(added.json["originFlowId"], origin["job_id"])
        self.server.kill()
        self.server.start()
        for flow in (derived["job_id"], origin["job_id"], origin["job_id"].upper()):
            with self.subTest(flow):
                answer = self.last(flow)
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(answer.body, added.body)


if __name__ == "__main__":
    unittest.main()
