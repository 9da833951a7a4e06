# SPDX-License-Identifier: Apache-2.0
"""Bad input and bad days over HTTP, on the real binary: what is refused, how it is said, and that nothing is half done."""

import concurrent.futures
import json
import resource
import signal
import sqlite3
import tempfile
import unittest

from harness.identity import IdentityProvider
from harness.process import free_port, wait_until
from harness.receiver import Receiver
from harness.signpost import Signpost, call

RECORD = {"type": "CNAME", "host": "www", "value": "app.saas.example"}


class BadDays(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="signpost-bad-days-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.provider = IdentityProvider(algorithm="ES256")
        with open(cls.directory.name + "/jwks.json", "w") as file:
            json.dump(cls.provider.jwks(), file)
        cls.server = Signpost(cls.directory.name + "/signpost", config=(
            f'[dns]\nresolvers = ["127.0.0.1:{free_port()}"]\nlook_budget = "300ms"\nserver_budget = "100ms"\n'
            f'[network]\nallow = ["127.0.0.1/32"]\n[[issuers]]\nissuer = "{cls.provider.issuer}"\njwks_file = "{cls.directory.name}/jwks.json"\n'
            "[api]\nrequests_per_key = 0\nrequests_per_address = 0\n"))
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        cls.application = cls.server.create_application(name="Bad days", identity={"issuer": cls.provider.issuer, "audiences": []})["id"]

    def setUp(self):
        self.organization = self.id().rsplit(".", 1)[1].replace("_", "-")[:60]

    def connect(self, host=None, **members):
        return self.server.connect(self.application, host or f"{self.organization[:50]}.shop.example", [RECORD], organization=self.organization, **members)

    def mark(self, body, organization=None, **headers):
        organization = organization or self.organization
        return call(self.server.api, "POST", f"/api/domain/mark-step-complete/{organization}", body,
                    {"Authorization": f"Bearer {self.provider.token(organization)}", **headers})

    def status(self, connection):
        return self.server.v1("GET", f"/connections/{connection['id']}").json["proxy_status"]

    def test_wrong_steps_are_named_and_change_nothing(self):
        connection = self.connect()
        for body, member in (('{"step": 3}', "step"), ('{"step": 0}', "step"), ('{"step": "1"}', "step"), ('{"step": 1.0}', "step"), ('{"step": true}', "step"),
                             ('{"step": null}', "step"), ("{}", "step"), ('{"step": 1, "step": 2}', "step")):
            answer = self.mark(body)
            self.assertIn(answer.status, (400, 422), body)
            self.assertEqual(answer.headers["content-type"].split(";")[0], "application/problem+json")
            self.assertIn(member, answer.json["detail"], body)
        self.assertEqual(self.status(connection), "PENDING_VALIDATION")

    def test_what_is_no_json_is_refused(self):
        self.connect()
        for body in ("", "step=1", "[1]", '"step"', '{"step": 1', '{"step": 1}}', "\0", '{"step": 1, "x": ' + "[" * 2000 + "]" * 2000 + "}"):
            answer = self.mark(body)
            self.assertEqual(answer.status, 400, (body[:30], answer))
            self.assertTrue(answer.json["detail"])
        self.assertEqual(self.mark('{"step": 1}', **{"Content-Type": "text/plain"}).status, 415)
        self.assertEqual(self.mark(json.dumps({"step": 1, "x": "y" * 70000})).status, 413)

    def test_unknown_members_are_refused_on_v1_and_ignored_on_the_contract_surfaces(self):
        connection = self.connect()
        refused = self.server.v1("POST", f"/connections/{connection['id']}/flow", {"setup_type": "manual", "provder": "x"})
        self.assertIn(refused.status, (400, 422))
        self.assertIn("provder", refused.json["detail"])
        self.assertEqual(self.mark('{"step": 1, "fromTheField": true}').status, 200)
        counted = call(self.server.operation, "GET", "/metrics").body.decode()
        self.assertRegex(counted, r"(?m)^signpost_\w*unknown_members\w*(\{[^}]*\})? [1-9]")

    def test_bad_host_names_are_refused_with_the_reason(self):
        for host in ("a" * 64 + ".shop.example", ("a" * 60 + ".") * 5 + "shop.example", "www..shop.example", "203.0.113.7", "[2001:db8::1]", "co.uk", "com", "localhost",
                     "www.shop\0.example", "", ".", "*.shop.example", "sh_op.example", "http://shop.example/"):
            answer = self.server.v1("POST", "/connections", {"application": self.application, "organization": self.organization, "host": host, "records": [RECORD]})
            self.assertEqual(answer.status, 422, (host, answer))
            self.assertEqual(answer.json["member"], "host", host)
        for host, canonical in (("WWW.Shop.Example.", "www.shop.example"), ("münchen.shop.example", "xn--mnchen-3ya.shop.example")):
            made = self.connect(host)
            self.assertEqual(made["host"], canonical)
            self.server.v1("DELETE", f"/connections/{made['id']}")

    def test_two_step_2_at_the_same_instant_have_one_effect(self):
        connection = self.connect()
        self.mark({"step": 1})
        self.server.v1("POST", f"/connections/{connection['id']}/certificate", {"status": "issued"})
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.mark({"step": 2}), range(16)))
        self.assertEqual({(a.status, a.body) for a in answers}, {(200, b'{"status":"success","proxy_status":"DEPLOYED"}')})
        read = self.server.v1("GET", f"/connections/{connection['id']}").json
        self.assertEqual(sorted(job["kind"] for job in read["jobs"] if job["kind"] in ("certificate_upgrade", "search_submission")), ["certificate_upgrade", "search_submission"])
        events = self.server.v1("GET", f"/connections/{connection['id']}/events").json["data"]
        self.assertEqual([e["type"] for e in events].count("signpost.connection.deployed"), 1)

    def test_an_idempotency_key_answers_the_same_again(self):
        body = {"application": self.application, "organization": self.organization, "host": f"{self.organization[:40]}.shop.example", "records": [RECORD]}
        headers = {"Idempotency-Key": "once-and-only-once"}
        first, again = (self.server.v1("POST", "/connections", body, headers) for _ in range(2))
        self.assertEqual((first.status, first.body), (again.status, again.body))
        self.assertEqual(first.status, 201)
        other = self.server.v1("POST", "/connections", {**body, "host": "other.shop.example"}, headers)
        self.assertIn(other.status, (409, 422))

    def test_a_locked_database_is_503_and_heals_by_itself(self):
        connection = self.connect()
        lock = sqlite3.connect(self.server.data / "signpost.db", isolation_level=None)
        try:
            lock.execute("BEGIN IMMEDIATE")
            answer = self.mark({"step": 1})
            self.assertEqual(answer.status, 503, answer)
            self.assertIn("retry-after", answer.headers)
        finally:
            lock.execute("ROLLBACK")
            lock.close()
        self.assertEqual(self.status(connection), "PENDING_VALIDATION")
        self.assertEqual(wait_until(lambda: (lambda a: a if a.status == 200 else None)(self.mark({"step": 1})), "the step to pass").status, 200)

    def test_a_full_disk_is_503_and_heals_by_itself(self):
        connection = self.connect()
        pid = self.server.process.child.pid
        # A file size limit is a disk that is full for this process alone.
        unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, unlimited[1]))
        try:
            answer = self.mark({"step": 1})
            self.assertEqual(answer.status, 503, answer)
            self.assertIn("retry-after", answer.headers)
            self.assertEqual(self.status(connection), "PENDING_VALIDATION")
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
        self.assertEqual(wait_until(lambda: (lambda a: a if a.status == 200 else None)(self.mark({"step": 1})), "the step to pass").status, 200)
        self.assertEqual(self.status(connection), "SSL_VALIDATING")

    def test_receivers_on_bad_days_follow_the_rules_and_disturb_nobody(self):
        cases = {
            "down": (None, f"http://127.0.0.1:{free_port()}/hook", "connect"),
            "redirect": (lambda _: (301, {"Location": "http://127.0.0.1:1/"}, b""), None, "http_status"),
            "broken": (lambda _: 500, None, "http_status"),
            "huge": (lambda _: (200, {}, b"x" * (1 << 20)), None, "delivered"),
        }
        healthy = Receiver()
        self.addCleanup(healthy.stop)
        for name, (behave, url, expected) in cases.items():
            with self.subTest(name):
                receiver = Receiver(behave) if url is None else None
                if receiver:
                    self.addCleanup(receiver.stop)
                application = self.server.create_application(name=name, webhook_url=url or receiver.url)["id"]
                well = self.server.v1("POST", f"/applications/{application}/endpoints", {"url": healthy.url})
                self.assertEqual(well.status, 201, well)
                made = self.server.connect(application, f"{name}.shop.example", [RECORD], organization="acme")
                self.server.v1("POST", f"/connections/{made['id']}/flow", {"setup_type": "manual"})
                healthy.wait_for(lambda body: body["job_id"] == made["job_id"] and body["type"] == "domain.added", "the healthy endpoint's webhook", 10)

                def first_attempt():
                    for row in self.server.v1("GET", f"/deliveries?application={application}&connection={made['id']}").json["data"]:
                        attempts = self.server.v1("GET", f"/deliveries/{row['id']}?application={application}").json["attempts"]
                        if attempts and attempts[0]["result"] not in ("open", "delivered") or expected == "delivered" and attempts and attempts[0]["result"] != "open" and row["endpoint"] != well.json["id"]:
                            return attempts[0]
                    return None

                attempt = wait_until(first_attempt, f"the first attempt of {name}", 20)
                self.assertEqual(attempt["result"], expected, attempt)
                self.assertLessEqual(len(attempt["response_body"] or ""), 8192)

    def test_receivers_that_are_not_public_are_refused_when_named_and_again_when_sent(self):
        for name, url in {"private": "http://10.1.2.3/hook", "other-loopback": "http://127.0.0.2:9000/hook", "mail-port": "http://127.0.0.1:25/"}.items():
            with self.subTest(name):
                refused = self.server.v1("POST", "/applications", {"name": name, "webhook_url": url})
                self.assertEqual((refused.status, refused.json["member"]), (422, "webhook_url"), refused)
                made = self.server.create_application(name=name, webhook_url="https://hooks.saas.example/")
                # As if the settings had allowed it when it was named.
                database = sqlite3.connect(self.server.data / "signpost.db", timeout=20)
                with database:
                    database.execute("UPDATE endpoint SET url = ? WHERE url = 'https://hooks.saas.example/'", (url,))
                database.close()
                connection = self.server.connect(made["id"], f"{name}.shop.example", [RECORD], organization="acme")
                self.server.v1("POST", f"/connections/{connection['id']}/flow", {"setup_type": "manual"})

                def first_attempt():
                    for row in self.server.v1("GET", f"/deliveries?application={made['id']}").json["data"]:
                        attempts = self.server.v1("GET", f"/deliveries/{row['id']}?application={made['id']}").json["attempts"]
                        if attempts and attempts[0]["result"] != "open":
                            return attempts[0]
                    return None

                attempt = wait_until(first_attempt, "the first attempt", 20)
                self.assertEqual((attempt["result"], attempt["remote_address"]), ("refused_address", ""), attempt)

    def test_sigterm_ends_cleanly_within_its_budget(self):
        other = Signpost(self.directory.name + "/other", config='[process]\nstop_budget = "5s"\n')
        other.start()
        other.process.child.send_signal(signal.SIGTERM)
        self.assertEqual(other.process.child.wait(10), 0)

    def test_logs_hold_no_secret(self):
        self.mark({"step": 1})
        said = self.server.process.output()
        body = said.split(self.server.key, 1)[-1]  # the first start prints the key once, on standard output
        self.assertNotIn(self.server.key, body)
        self.assertNotIn("eyJ", said)
        self.assertNotIn("whsec_", said)


if __name__ == "__main__":
    unittest.main()
