# SPDX-License-Identifier: Apache-2.0
"""Search engines on the real binary: step 2, the key file appears on the live domain, URLs are submitted; with kill -9 in between.

It happens in a network namespace of its own, because the live domain is asked on port 443.
"""

import contextlib
import datetime
import json
import pathlib
import random
import subprocess
import tempfile
import threading
import time
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.dns_zones import enter_private_network
from harness.identity import IdentityProvider
from harness.process import Failed, free_port, wait_until
from harness.search_engines import TOKEN, Google, IndexNow, LiveSite
from harness.signpost import Signpost, call

HOST, KEY, KEY_FILE = "www.shop.example", "search-company", "/search-company.txt"
CORE = ["/", "/data.json", "/llms.txt", "/robots.txt", "/sitemap.xml"]
RECORD = {"type": "CNAME", "host": "www", "value": "app.saas.example"}


def make_certificate(directory):
    """Self-signed, for the host: paths of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
                   .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256()))
    paths = pathlib.Path(directory) / "site.crt", pathlib.Path(directory) / "site.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return paths


class SearchEngines(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="signpost-search-")
        self.addCleanup(directory.cleanup)
        self.site = LiveSite(*make_certificate(directory.name))
        self.addCleanup(self.site.stop)
        self.indexnow, self.google = IndexNow(), Google(directory.name)
        self.addCleanup(self.indexnow.stop)
        self.addCleanup(self.google.stop)
        self.provider = IdentityProvider()
        jwks = directory.name + "/jwks.json"
        with open(jwks, "w") as file:
            json.dump(self.provider.jwks(), file)
        self.server = Signpost(directory.name + "/signpost", config=(
            f'[webhooks]\nca_file = "{directory.name}/site.crt"\n[network]\nallow = ["127.0.0.0/8"]\n'
            f'[search]\nindexnow_key = "{KEY}"\nindexnow_url = "{self.indexnow.url}/indexnow"\n'
            f'google_credentials_file = "{self.google.credentials}"\ngoogle_api_url = "{self.google.url}"\n'
            "[api]\nrequests_per_key = 0\nrequests_per_address = 0\n"
            f'[dns]\nresolvers = ["127.0.0.1:{free_port()}"]\n'
            f'[[issuers]]\nissuer = "{self.provider.issuer}"\njwks_file = "{jwks}"\n'))
        self.server.start()
        self.addCleanup(self.server.stop)
        self.application = self.server.create_application(name="Search", identity={"issuer": self.provider.issuer, "audiences": []})["id"]
        self.key = self.server.v1("POST", "/keys", {"name": "cron", "application": self.application}).json["key"]
        self.connection = self.server.connect(self.application, HOST, [RECORD])["id"]

    def domain(self, name, body=None):
        return call(self.server.api, "POST", f"/api/domain/{name}/acme", body, {"Authorization": f"Bearer {self.provider.token('acme')}"})

    def deploy(self):
        self.assertEqual(self.domain("mark-step-complete", {"step": 1}).status, 200)
        self.assertEqual(self.server.v1("POST", f"/connections/{self.connection}/certificate", {"status": "issued"}).status, 200)
        self.assertEqual(self.domain("mark-step-complete", {"step": 2}).json["proxy_status"], "DEPLOYED")

    def pages(self, body):
        answer = self.server.v1("PUT", "/organizations/acme/pages", body, key=self.key)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def search(self):
        return self.server.v1("GET", f"/connections/{self.connection}").json["search"]

    def step(self, name):
        return next(step for step in self.search()["steps"] if step["step"] == name)

    def job(self):
        return next(job for job in self.server.v1("GET", f"/connections/{self.connection}").json["jobs"] if job["kind"] == "search_submission")

    def wait_for_step(self, name, state, seconds=60):
        return wait_until(lambda: self.search() and self.step(name)["state"] == state and self.step(name), f"{name} to be {state}", seconds)

    def crash(self):
        self.server.kill()
        self.server.start()

    def urls(self, *paths):
        return [f"https://{HOST}{path}" for path in paths]

    def test_urls_are_submitted_once_the_key_file_is_there_whatever_is_killed(self):
        self.pages({"qa": ["/what-is-acme/", "https://acme.searchcompany.dev/why/"], "page_hashes": {"/why/": "one"}})
        self.deploy()
        wait_until(lambda: self.search() and "404" in (self.step("key_file")["detail"] or ""), "the key file to be missed")
        self.assertEqual(self.indexnow.submissions(), [])
        self.crash()
        self.assertEqual(self.step("key_file")["state"], "waiting")
        self.site.files[KEY_FILE] = "<html>search-company</html>"
        self.site.wait_for_look()
        self.crash()
        wait_until(lambda: "other text" in (self.step("key_file")["detail"] or ""), "the key file to be read", 40)
        self.assertEqual(self.indexnow.submissions(), [])
        self.site.files[KEY_FILE] = KEY + "\n"
        self.wait_for_step("indexnow", "done")
        self.assertEqual(len(self.indexnow.submissions()), 1)
        self.assertEqual(sorted(self.indexnow.submissions()[0]), sorted(self.urls("/what-is-acme/", "/why/", *CORE)))
        self.assertIn("7 URLs of www.shop.example", self.job()["outcome"])
        self.assertEqual(self.search()["pages"], {"submitted": 7, "waiting": 0})
        self.crash()
        self.pages({"qa": ["/what-is-acme/", "/why/"], "page_hashes": {"/why/": "one"}})  # the same again
        self.pages({"add": {"boosted": ["/boosted/"]}, "page_hashes": {"/why/": "two"}})
        wait_until(lambda: len(self.indexnow.submissions()) == 2, "the changes to be submitted", 40)
        self.assertEqual(sorted(self.indexnow.submissions()[1]), self.urls("/boosted/", "/why/"))

    def test_a_batch_that_was_on_its_way_when_the_process_died_goes_again_and_no_other(self):
        self.site.files[KEY_FILE] = KEY
        arrived, over = threading.Event(), threading.Event()
        self.addCleanup(over.set)

        def hang(_):
            arrived.set()
            over.wait(60)
            return 500

        self.indexnow.behave = hang
        self.deploy()
        self.assertTrue(arrived.wait(30))
        self.server.kill()
        over.set()
        self.indexnow.behave = None
        self.server.start()
        self.wait_for_step("indexnow", "done")
        first, second = self.indexnow.submissions()
        self.assertEqual(first, second)
        self.crash()
        self.pages({"qa": ["/new/"]})
        wait_until(lambda: len(self.indexnow.submissions()) == 3, "the new page to be submitted", 40)
        self.assertEqual(self.indexnow.submissions()[2], self.urls("/new/"))

    def test_kills_at_any_call_lose_nothing_and_repeat_only_what_was_on_its_way(self):
        servers, random_numbers = (self.site, self.indexnow, self.google), random.Random(5)
        self.site.files[KEY_FILE], self.google.is_record_seen = KEY, True
        self.domain("start-google-verification")
        for server in servers:
            server.delay = 0.1

        def calls():
            return sum(len(server.seen()) for server in servers)

        self.deploy()
        for kill in range(16):
            if kill % 4 == 3:
                self.pages({"add": {"qa": [f"/page-{kill}/"]}})
            before, steps = calls(), random_numbers.randint(1, 4)
            with contextlib.suppress(Failed):  # all of it may be done already
                wait_until(lambda: calls() >= before + steps, "calls", 8)
            self.crash()
        for server in servers:
            server.delay = 0.0
        wait_until(lambda: self.job()["state"] == "done" and self.search()["pages"]["waiting"] == 0, "everything to be told", 60)
        submissions = self.indexnow.submissions()
        pages = [f"/page-{kill}/" for kill in range(16) if kill % 4 == 3]
        self.assertEqual({url for urls in submissions for url in urls}, set(self.urls(*pages, *CORE)))
        # One batch is only ever followed by itself, or by others that share nothing with it.
        for i, earlier in enumerate(submissions):
            for later in submissions[i + 1:]:
                self.assertTrue(earlier == later or not set(earlier) & set(later), (earlier, later))
        self.assertEqual(set(self.google.sitemaps), {f"https://{HOST}/sitemap.xml"})
        self.assertEqual(self.search()["google"]["status"], "VERIFIED")

    def test_engine_that_has_had_too_much_is_left_alone_whatever_is_uploaded_and_killed(self):
        self.site.files[KEY_FILE] = KEY
        answers, asked = [429], []

        def behave(_):
            asked.append(time.monotonic())
            return answers.pop(0) if answers else 202

        self.indexnow.behave = behave
        self.deploy()
        wait_until(lambda: self.search() and "429" in (self.step("indexnow")["detail"] or ""), "the refusal to be shown", 40)
        tried_again_at = self.step("indexnow")["not_before"]
        self.assertIsNotNone(tried_again_at)
        for path in ("/a/", "/b/"):
            self.pages({"add": {"qa": [path]}})
            self.assertNotEqual(self.job()["not_before"], tried_again_at)
            wait_until(lambda: self.job()["not_before"] == tried_again_at, "the new round to wait for the engine", 40)
            self.assertEqual((len(asked), self.step("indexnow")["state"]), (1, "waiting"))
            self.assertEqual(self.step("indexnow")["not_before"], tried_again_at)
            self.assertIn("429", self.step("indexnow")["detail"])
        self.crash()
        self.wait_for_step("indexnow", "done", 90)
        self.assertGreaterEqual(asked[1] - asked[0], 59)
        self.assertEqual([sorted(urls) for urls in self.indexnow.submissions()], [self.urls(*CORE), self.urls(*CORE), self.urls("/a/", "/b/")])

    def test_google_verifies_then_gets_the_sitemap(self):
        self.site.files[KEY_FILE] = KEY
        started = self.domain("start-google-verification").json
        self.assertEqual((started["status"], started["txt_record"]), ("success", {"name": "@", "value": TOKEN}))
        self.assertEqual(self.search()["google"]["status"], "PENDING")
        self.deploy()
        wait_until(lambda: self.google.verifications() >= 1, "the first poll")
        self.assertEqual(self.indexnow.submissions(), [], "Google is asked first")
        self.crash()
        self.google.is_record_seen = True
        self.wait_for_step("sitemap", "done")
        self.assertEqual(self.search()["google"]["status"], "VERIFIED")
        self.assertEqual((self.google.sites, self.google.sitemaps), ({"shop.example"}, [f"https://{HOST}/sitemap.xml"]))
        self.wait_for_step("indexnow", "done")
        self.assertEqual(len(self.indexnow.submissions()), 1)

    def test_verification_by_hand_and_sitemap_of_a_cron(self):
        self.site.files[KEY_FILE] = KEY
        self.deploy()
        self.wait_for_step("indexnow", "done")
        self.assertEqual(self.step("google_verification")["state"], "skipped")
        self.domain("start-google-verification")
        early = self.domain("complete-google-verification")
        self.assertEqual((early.status, early.json["status"]), (200, "error"))
        self.assertIn("TXT record", early.json["message"])
        self.google.is_record_seen = True
        self.assertEqual(self.domain("complete-google-verification").json, {"status": "success", "google_verification_status": "VERIFIED"})
        self.wait_for_step("sitemap", "done")
        again = call(self.server.api, "POST", "/api/domain/resubmit-sitemap/acme", None, {"Authorization": f"Bearer {self.key}"})
        self.assertEqual(again.json, {"status": "success"})
        self.assertEqual(self.google.sitemaps, [f"https://{HOST}/sitemap.xml"] * 2)

    def test_cron_submits_urls_on_the_connected_host(self):
        self.site.files[KEY_FILE] = KEY
        self.deploy()
        self.wait_for_step("indexnow", "done")
        answer = call(self.server.api, "POST", "/api/cron/submit-indexnow",
                      {"source_url": "https://shop.example", "urls": ["https://shop.example/a", f"https://{HOST}/b", "https://acme.searchcompany.dev/c"]},
                      {"Authorization": f"Bearer {self.key}"})
        self.assertEqual(answer.json, {"status": "success", "submitted": 2, "http_status": 200, "accepted": 2, "rejected": 1})
        self.assertEqual(self.indexnow.submissions()[1], self.urls("/a", "/b"))

    def test_cron_submits_ten_thousand_urls_in_one_request(self):
        self.site.files[KEY_FILE] = KEY
        self.deploy()
        self.wait_for_step("indexnow", "done")
        slug = "an-answer-to-a-question-that-somebody-has-asked"
        paths = [f"/qa/{slug}-{number:05}/{'%E6%97%A5' * 30}" for number in range(10000)]  # 330 bytes each, with the host
        body = {"source_url": f"https://{HOST}", "urls": self.urls(*paths)}
        answer = call(self.server.api, "POST", "/api/cron/submit-indexnow", body, {"Authorization": f"Bearer {self.key}"})
        self.assertEqual(answer.json, {"status": "success", "submitted": 10000, "http_status": 200, "accepted": 10000, "rejected": 0})
        self.assertEqual(self.indexnow.submissions()[1], self.urls(*paths))
        self.assertEqual(self.pages({"qa": paths})["qa"], 10000)
        body["urls"] = body["urls"][:1000]  # the server reads 1 MiB of what it refuses, so that its answer arrives
        for path, key, status in (("/api/cron/submit-indexnow", "sp_nobody", 401), ("/v1/keys", self.key, 413)):
            self.assertEqual(call(self.server.api, "POST", path, body, {"Authorization": f"Bearer {key}"}).status, status, path)

    def test_disconnection_ends_it(self):
        self.deploy()
        self.wait_for_step("key_file", "waiting")
        self.assertEqual(self.domain("mark-disconnect-complete").status, 200)
        self.assertEqual(self.job()["state"], "done")
        self.site.files[KEY_FILE] = KEY
        self.crash()
        self.pages({"qa": ["/a/"]})
        self.assertEqual(self.job()["state"], "done")
        self.assertEqual(self.indexnow.submissions(), [])


def lead_the_host_here():
    """In the mount namespace of this program alone."""
    with tempfile.NamedTemporaryFile("w", delete=False) as hosts:
        hosts.write(f"127.0.0.1 localhost\n127.0.0.1 {HOST}\n")
    pathlib.Path(hosts.name).chmod(0o644)
    subprocess.run(["mount", "--bind", hosts.name, "/etc/hosts"], check=True)
    pathlib.Path(hosts.name).unlink()


if __name__ == "__main__":
    enter_private_network(also=["-m"])
    lead_the_host_here()
    unittest.main()
