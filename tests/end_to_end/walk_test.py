# SPDX-License-Identifier: Apache-2.0
"""The whole walk on real DNS servers: created, propagated server by server, told by webhooks that others can verify."""

import json
import tempfile
import unittest

from harness.dns_servers import DnsWorld
from harness.identity import IdentityProvider
from harness.process import wait_until
from harness.receiver import Receiver
from harness.signpost import Signpost, call
from verifier import verify_entri

CNAME = "www IN CNAME app.saas.example."


class Walk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="signpost-walk-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.world = DnsWorld(cls.directory.name + "/dns")
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.provider = IdentityProvider()
        jwks = cls.directory.name + "/jwks.json"
        with open(jwks, "w") as file:
            json.dump(cls.provider.jwks(), file)
        cls.server = Signpost(cls.directory.name + "/signpost", config=(
            f'[dns]\nresolvers = ["{cls.world.RESOLVER}:{cls.world.resolver_port}"]\nauthority_port = {cls.world.authority_port}\n'
            f'[network]\nallow = ["127.0.0.0/8"]\n[[issuers]]\nissuer = "{cls.provider.issuer}"\njwks_file = "{jwks}"\n'
            "[api]\nrequests_per_key = 0\nrequests_per_address = 0\n"))
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.stop)
        cls.application = cls.server.create_application(
            name="Walk", webhook_url=cls.receiver.url, cname_target="app.saas.example", allowed_origins=["https://app.saas.example"],
            identity={"issuer": cls.provider.issuer, "audiences": ["https://app.saas.example"]})

    def setUp(self):
        for server in (self.world.powerdns, self.world.knot):
            server.set_records("shop.example", [])
        self.organization = self.id().rsplit(".", 1)[1].replace("_", "-")

    def tearDown(self):
        for item in self.server.v1("GET", f"/connections?application={self.application['id']}").json["data"]:
            self.server.v1("DELETE", f"/connections/{item['id']}")

    def connect(self, host="www.shop.example", records=None):
        return self.server.connect(self.application["id"], host, records or [{"type": "CNAME", "host": "www", "value": "{CNAME_TARGET}"}],
                                   organization=self.organization, user_id="user-7")

    def read(self, connection):
        return self.server.v1("GET", f"/connections/{connection['id']}").json

    def check(self, connection):
        """Asks for a look now and returns the connection once it has been looked at."""
        before = self.read(connection)["last_look_at"]
        self.assertEqual(self.server.v1("POST", f"/connections/{connection['id']}/check").status, 202)
        return wait_until(lambda: (lambda now: now if now["last_look_at"] != before else None)(self.read(connection)), "a look")

    def webhook(self, connection, type_name, **members):
        return self.receiver.wait_for(lambda body: body.get("job_id") == connection["job_id"] and body["type"] == type_name and
                                      all(body.get(k) == v for k, v in members.items()), f"{type_name} {members}")

    def test_is_connected_once_every_authority_agrees(self):
        connection = self.connect()
        flow = self.server.v1("POST", f"/connections/{connection['id']}/flow", {"setup_type": "manual", "provider": "knot"})
        self.assertEqual(flow.status, 200, flow)
        self.webhook(connection, "domain.flow.completed")
        added = self.webhook(connection, "domain.added", propagation_status="pending")
        self.assertEqual(added.json["data"]["records_non_propagated"], [{"type": "CNAME", "host": "www", "value": "app.saas.example"}])
        self.world.powerdns.set_records("shop.example", [CNAME])
        half = self.check(connection)
        self.assertEqual(half["facets"]["propagation_status"], "pending")
        answers = {(a["address"], a["verdict"]) for a in half["observation"]["records"][0]["authorities"]}
        self.assertEqual(answers, {(f"{self.world.POWERDNS}:{self.world.authority_port}", "agrees"), (f"{self.world.KNOT}:{self.world.authority_port}", "nxdomain")})
        self.world.knot.set_records("shop.example", [CNAME])
        self.check(connection)
        success = self.webhook(connection, "domain.added", propagation_status="success")
        self.assertEqual(success.json["updated_objects"], ["propagation_status"])
        self.assertEqual(success.json["data"], {"records_propagated": [{"type": "CNAME", "host": "www", "value": "app.saas.example"}], "records_non_propagated": []})
        for webhook in self.receiver.all():
            verified = verify_entri.verify(webhook.headers, webhook.body, self.application["secret"])
            self.assertTrue(all(verified.values()), verified)

    def test_payload_has_the_seeds_members_in_the_seeds_order(self):
        connection = self.connect()
        self.server.v1("POST", f"/connections/{connection['id']}/flow", {"setup_type": "automatic"})
        added = self.webhook(connection, "domain.added")
        self.assertEqual(list(added.json), ["id", "user_id", "domain", "subdomain", "provider", "type", "propagation_status", "dkim_status", "redirection_status",
                                            "setup_type", "secure_status", "power_status", "cname_target", "data", "event_id", "job_id", "sequence", "created_at"])
        self.assertEqual((added.json["domain"], added.json["subdomain"], added.json["user_id"]), ("shop.example", "www", "user-7"))
        completed = self.webhook(connection, "domain.flow.completed")
        self.assertNotIn("propagation_status", completed.json)
        self.assertNotIn("data", completed.json)

    def test_dkim_follows_the_mail_provider_and_the_selectors_record(self):
        self.server.v1("PATCH", f"/applications/{self.application['id']}", {"supports_dkim": True})
        self.addCleanup(self.server.v1, "PATCH", f"/applications/{self.application['id']}", {"supports_dkim": False})
        mail, key = "@ IN MX 1 aspmx.l.google.com.", 'google._domainkey IN TXT "v=DKIM1; k=rsa; p=QUJD"'
        connection = self.connect(records=[{"type": "CNAME", "host": "www", "value": "{CNAME_TARGET}"},
                                           {"type": "TXT", "host": "google._domainkey", "value": "v=DKIM1; k=rsa; p=QUJD"}])
        for server in (self.world.powerdns, self.world.knot):
            server.set_records("shop.example", [mail])
        self.server.v1("POST", f"/connections/{connection['id']}/flow", {"setup_type": "manual"})
        self.assertEqual(self.webhook(connection, "domain.added").json["dkim_status"], "pending")
        for server in (self.world.powerdns, self.world.knot):
            server.set_records("shop.example", [mail, key])
        seen = self.check(connection)
        self.assertEqual(seen["facets"]["propagation_status"], "pending")
        self.assertEqual(len(seen["observation"]["records"]), 3, "the flow's records and the claim, not the mail")
        self.webhook(connection, "domain.added", dkim_status="success", updated_objects=["dkim_status"])

    def test_apex_with_address_and_text_records(self):
        connection = self.connect("Shop.Example.", [{"type": "A", "host": "@", "value": "203.0.113.7"}, {"type": "AAAA", "host": "@", "value": "2001:db8::7"},
                                                    {"type": "TXT", "host": "@", "value": "saas={SLD}"}])
        self.assertEqual((connection["host"], connection["subdomain"]), ("shop.example", ""))
        self.server.v1("POST", f"/connections/{connection['id']}/flow", {"setup_type": "manual"})
        for server in (self.world.powerdns, self.world.knot):
            server.set_records("shop.example", ["@ IN A 203.0.113.7", "@ IN AAAA 2001:db8::7", '@ IN TXT "saas=" "shop"', '@ IN TXT "another"'])
        seen = self.check(connection)
        self.assertEqual(seen["facets"]["propagation_status"], "success", seen["observation"])

    def test_old_address_beside_the_new_is_not_propagated(self):
        connection = self.connect("shop.example", [{"type": "A", "host": "@", "value": "203.0.113.7"}])
        for server in (self.world.powerdns, self.world.knot):
            server.set_records("shop.example", ["@ IN A 203.0.113.7", "@ IN A 203.0.113.8"])
        seen = self.check(connection)
        self.assertEqual(seen["facets"]["propagation_status"], "pending")
        self.assertIn("203.0.113.8", json.dumps(seen["observation"]))

    def test_server_that_is_down_is_named_but_holds_nothing_up(self):
        connection = self.connect()
        self.server.v1("POST", f"/connections/{connection['id']}/flow", {"setup_type": "manual"})
        self.world.powerdns.set_records("shop.example", [CNAME])
        self.world.knot.stop()
        try:
            seen = self.check(connection)
            self.assertEqual(seen["facets"]["propagation_status"], "success")
            verdicts = {a["address"].split(":")[0]: a["verdict"] for a in seen["observation"]["records"][0]["authorities"]}
            self.assertEqual(verdicts, {self.world.POWERDNS: "agrees", self.world.KNOT: "unreachable"})
        finally:
            self.world.knot.start()

    def test_two_steps_of_a_frontend(self):
        connection = self.connect()
        path, token = f"/api/domain/mark-step-complete/{self.organization}", self.provider.token(self.organization)
        headers = {"Authorization": f"Bearer {token}", "Origin": "https://app.saas.example"}
        early = call(self.server.api, "POST", path, {"step": 2}, headers)
        self.assertEqual(early.status, 409)
        self.assertIn("PENDING_VALIDATION", early.json["detail"])
        for _ in range(2):
            first = call(self.server.api, "POST", path, {"step": 1}, headers)
            self.assertEqual((first.status, first.body), (200, b'{"status":"success","proxy_status":"SSL_VALIDATING"}'))
        self.assertEqual(first.headers["access-control-allow-origin"], "https://app.saas.example")
        self.assertEqual(self.server.v1("POST", f"/connections/{connection['id']}/certificate", {"status": "issued"}).status, 200)
        for _ in range(2):
            second = call(self.server.api, "POST", path, {"step": 2}, headers)
            self.assertEqual((second.status, second.body), (200, b'{"status":"success","proxy_status":"DEPLOYED"}'))
        proxy = call(self.server.api, "GET", f"/api/domain/get-proxy/{self.organization}", headers=headers).json
        self.assertEqual(proxy, {"has_proxy": True, "proxy_status": "DEPLOYED", "cloudfront_domain": None, "distribution_id": None, "certificate_arn": None,
                                 "origin_cname": None, "original_www_cname": None, "custom_domain": "www.shop.example", "domain_type": "subdomain",
                                 "naked_domain": "shop.example", "subdomain_label": "www", "apex_gateway_ips": None, "ssl_validation_records": [],
                                 "acm_validation_record": None, "certificate_upgrade": None, "attention": None})
        jobs = wait_until(lambda: (lambda rows: rows if rows.get("search_submission") == "not_configured" else None)(
            {job["kind"]: job["state"] for job in self.read(connection)["jobs"]}), "the search submission to end visibly")
        self.assertIn("certificate_upgrade", jobs)
        nobody = call(self.server.api, "GET", "/api/domain/get-proxy/nobody", headers={"Authorization": f"Bearer {self.provider.token('nobody')}"})
        self.assertEqual(nobody.json, {"has_proxy": False})

    def test_organization_is_read_from_both_shapes_of_clerks_tokens(self):
        self.connect()
        path = f"/api/domain/get-proxy/{self.organization}"
        second_shape = self.provider.token(None, v=2, o={"id": "org_1", "slg": self.organization, "rol": "admin"})
        self.assertEqual(call(self.server.api, "GET", path, headers={"Authorization": f"Bearer {second_shape}"}).status, 200)
        self.assertEqual(call(self.server.api, "GET", path).status, 401)
        self.assertEqual(call(self.server.api, "GET", path, headers={"Authorization": f"Bearer {self.provider.token('other')}"}).status, 403)
        self.assertEqual(call(self.server.api, "GET", path, headers={"Authorization": f"Bearer {self.provider.token(self.organization, lifetime=-120)}"}).status, 401)
        self.assertEqual(call(self.server.api, "GET", path, headers={"Authorization": f"Bearer {self.provider.token(self.organization, azp='https://evil.example')}"}).status, 401)

    def test_last_webhook_by_job_id_as_entri_integrations_ask(self):
        connection = self.connect()
        self.server.v1("POST", f"/connections/{connection['id']}/flow", {"setup_type": "manual"})
        added = self.webhook(connection, "domain.added")
        minted = call(self.server.api, "POST", "/token", {"applicationId": self.application["id"], "secret": self.application["secret"], "domain": "shop.example"})
        self.assertEqual(minted.status, 200, minted)
        for authorization in (minted.json["auth_token"], f"Bearer {minted.json['auth_token']}"):
            last = call(self.server.api, "GET", f"/webhooks/last/{connection['job_id']}", headers={"Authorization": authorization, "applicationId": self.application["id"]})
            self.assertEqual((last.status, last.body), (200, added.body))
        self.assertEqual(call(self.server.api, "POST", "/token", {"applicationId": self.application["id"], "secret": "wrong"}).status, 401)

    def test_claim_is_won_by_the_organization_whose_record_is_seen(self):
        mine, theirs = self.connect(), self.server.connect(self.application["id"], "www.shop.example", [{"type": "CNAME", "host": "www", "value": "app.saas.example"}], organization="rival")
        record = theirs["claim"]["record"]
        for server in (self.world.powerdns, self.world.knot):
            server.set_records("shop.example", [CNAME, f'{record["name"]}. IN TXT "{record["value"]}"'])
        self.assertEqual(self.check(theirs)["claim"]["status"], "proven")
        self.assertEqual(self.read(mine)["claim"]["status"], "lost")
        self.assertEqual(self.server.v1("POST", f"/connections/{mine['id']}/check").status, 409)
        again = self.server.v1("POST", "/connections", {"application": self.application["id"], "organization": "third", "host": "www.shop.example",
                                                        "records": [{"type": "CNAME", "host": "www", "value": "app.saas.example"}]})
        self.assertEqual(again.status, 409)

    def test_attempts_are_visible(self):
        connection = self.connect()
        self.server.v1("POST", f"/connections/{connection['id']}/flow", {"setup_type": "manual"})
        self.webhook(connection, "domain.added")
        rows = wait_until(lambda: (lambda items: items if len(items) == 2 and all(i["state"] == "delivered" for i in items) else None)(
            self.server.v1("GET", f"/deliveries?application={self.application['id']}&connection={connection['id']}").json["data"]), "both deliveries to be delivered")
        attempts = self.server.v1("GET", f"/deliveries/{rows[0]['id']}?application={self.application['id']}").json["attempts"]
        self.assertEqual([(a["number"], a["result"], a["status"]) for a in attempts], [(1, "delivered", 200)])


if __name__ == "__main__":
    unittest.main()
