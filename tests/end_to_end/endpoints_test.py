# SPDX-License-Identifier: Apache-2.0
"""Endpoints as their owners meet them: the address they are called from, headers and secrets of their own, roles, and who did what."""

import hashlib
import http.server
import tempfile
import threading
import unittest

from harness.process import free_port, wait_until
from harness.receiver import Receiver
from harness.signpost import Signpost, call

RECORD = {"type": "CNAME", "host": "www", "value": "app.saas.example"}
SOURCE = "127.0.0.9"
PUBLIC = "9.9.9.9"  # what receivers would see behind NAT


class Door:
    """A receiver that notes from which address it was called."""

    def __init__(self):
        self.callers = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                owner.callers.append(self.client_address[0])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Endpoints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="signpost-endpoints-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.server = Signpost(cls.directory.name + "/signpost", config=(
            f'[webhooks]\nsource_address = ["{SOURCE}"]\npublic_addresses = ["{PUBLIC}"]\n[dns]\nresolvers = ["127.0.0.1:{free_port()}"]\nlook_budget = "300ms"\n'
            'server_budget = "100ms"\n[network]\nallow = ["127.0.0.0/8"]\n'))
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.application = self.server.create_application(name=self.id().rsplit(".", 1)[1])
        self.flows = 0

    def endpoint(self, **members):
        answer = self.server.v1("POST", f"/applications/{self.application['id']}/endpoints", members)
        self.assertEqual(answer.status, 201, answer)
        return answer.json

    def of(self, endpoint, method, path="", body=None):
        return self.server.v1(method, f"/endpoints/{endpoint['id']}{path}?application={self.application['id']}", body)

    def receiver(self):
        receiver = Receiver()
        self.addCleanup(receiver.stop)
        return receiver

    def end_flow(self):
        self.flows += 1
        made = self.server.connect(self.application["id"], f"www.shop{self.flows}.example", [RECORD], organization=f"org{self.flows}")
        self.server.v1("POST", f"/connections/{made['id']}/flow", {"setup_type": "manual"})
        return made["job_id"]

    def deliveries(self):
        return self.server.v1("GET", f"/deliveries?application={self.application['id']}").json["data"]

    def test_deliveries_leave_from_their_address_and_meta_tells_the_public_one(self):
        door = Door()
        self.addCleanup(door.stop)
        self.endpoint(url=door.url)
        self.end_flow()
        wait_until(lambda: door.callers, "a webhook")
        self.assertEqual(set(door.callers), {SOURCE})
        meta = call(self.server.api, "GET", "/v1/meta")
        self.assertEqual((meta.status, meta.json["webhooks"]["source_addresses"]), (200, [PUBLIC]))

    def test_an_endpoint_gets_its_own_headers_and_the_signature_of_its_own_secret(self):
        receiver = self.receiver()
        secret = "a-secret-that-the-receiver-has"
        endpoint = self.endpoint(url=receiver.url, headers={"Authorization": "Bearer hush"}, secret=secret)
        self.assertNotIn("hush", str(self.of(endpoint, "GET").json))

        def is_signed_with(webhook, secret):
            text = webhook.json["id"] + webhook.headers["entri-timestamp"] + secret
            return webhook.headers["entri-signature-v2"] == hashlib.sha256(text.encode()).hexdigest()

        first = self.end_flow()
        webhook = receiver.wait_for(lambda body: body["job_id"] == first, "the first webhook")
        self.assertEqual(webhook.headers["authorization"], "Bearer hush")
        self.assertTrue(is_signed_with(webhook, secret))
        rotated = self.of(endpoint, "POST", "/rotate-secret", {"overlap": "0s"}).json["secret"]
        second = self.end_flow()
        webhook = receiver.wait_for(lambda body: body["job_id"] == second, "a webhook after the rotation")
        self.assertTrue(is_signed_with(webhook, rotated))
        self.assertEqual(self.of(endpoint, "DELETE", "/secret").status, 204)
        third = self.end_flow()
        webhook = receiver.wait_for(lambda body: body["job_id"] == third, "a webhook after the own secret was given up")
        self.assertTrue(is_signed_with(webhook, self.application["secret"]))

    def test_deliveries_flow_only_while_the_owner_is_admin_or_developer(self):
        receiver = self.receiver()
        members = f"/applications/{self.application['id']}/members"
        eve = self.server.v1("POST", members, {"name": "Eve", "role": "Developer"}).json["id"]
        endpoint = self.endpoint(url=receiver.url, owner=eve)
        self.assertIsNone(endpoint["paused_reason"])
        first = self.end_flow()
        receiver.wait_for(lambda body: body["job_id"] == first, "a webhook while Eve is a developer")
        self.assertEqual(self.server.v1("PATCH", f"{members}/{eve}", {"role": "Viewer"}).status, 200)
        self.assertIn("Viewer", self.of(endpoint, "GET").json["paused_reason"])
        before = len(self.deliveries())
        second = self.end_flow()
        self.assertEqual(len(self.deliveries()), before, "nothing is even queued")
        self.assertEqual(self.server.v1("DELETE", f"{members}/{eve}").status, 409)
        admin = self.server.v1("GET", members).json["data"][0]["id"]
        self.assertEqual(self.of(endpoint, "PATCH", "", {"owner": admin}).status, 200)
        self.assertEqual(self.server.v1("DELETE", f"{members}/{eve}").status, 204)
        third = self.end_flow()
        receiver.wait_for(lambda body: body["job_id"] == third, "a webhook once an Admin owns the endpoint")
        self.assertNotIn(second, [webhook.json["job_id"] for webhook in receiver.all()])

    def test_every_act_leaves_a_line_and_no_secret(self):
        endpoint = self.endpoint(url="https://hooks.saas.example/in", headers={"X-Key": "hush-hush"}, secret="a-secret-that-the-receiver-has")
        self.of(endpoint, "PATCH", "", {"enabled": False})
        self.of(endpoint, "POST", "/rotate-secret")
        self.of(endpoint, "DELETE", "/secret")
        self.of(endpoint, "DELETE")
        answer = self.server.v1("GET", f"/audit-log?application={self.application['id']}")
        self.assertEqual([line["action"] for line in answer.json["data"]],
                         ["endpoint.delete", "endpoint.remove_secret", "endpoint.rotate_secret", "endpoint.update", "endpoint.create", "application.create"])
        for hidden in (b"hush", b"a-secret", b"whsec_"):
            self.assertNotIn(hidden, answer.body)


if __name__ == "__main__":
    unittest.main()
