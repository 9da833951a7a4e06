# SPDX-License-Identifier: Apache-2.0
"""Certificates from Pebble, proven on real DNS servers: by a CNAME into our ACME zone without a hand, by a TXT that the customer adds; asserted
by what the authority says of them."""

import json
import os
import pathlib
import pty
import sqlite3
import stat
import subprocess
import tempfile
import unittest

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from harness.authority import Authority
from harness.dns_servers import DnsWorld
from harness.identity import IdentityProvider
from harness.pebble import Pebble
from harness.process import Failed, wait_until
from harness.receiver import Receiver
from harness.relay import OURS as OURS_SPEAKS, Relay
from harness.signpost import Signpost, call

OURS = "127.0.0.4"
ZONE = "acme.saas.example"


class Certificates(unittest.TestCase):
    """shop.example at PowerDNS and Knot, acme.saas.example at Signpost; Unbound resolves them for Signpost and for Pebble."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="signpost-certificate-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.world = DnsWorld(cls.directory.name + "/dns", beside=(OURS,))
        cls.world.unbound.stubs[ZONE] = [(OURS, cls.world.authority_port)]
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.pebble = Pebble(cls.directory.name + "/pebble", f"{cls.world.RESOLVER}:{cls.world.resolver_port}")
        cls.addClassCleanup(cls.pebble.stop)
        cls.pebble.start()
        cls.provider = IdentityProvider()
        jwks = cls.directory.name + "/jwks.json"
        with open(jwks, "w") as file:
            json.dump(cls.provider.jwks(), file)
        cls.server = Signpost(cls.directory.name + "/signpost", config=(
            f'[dns]\nresolvers = ["{cls.world.RESOLVER}:{cls.world.resolver_port}"]\nauthority_port = {cls.world.authority_port}\n'
            f'acme_zone = "{ZONE}"\nacme_zone_name_servers = ["ns1.{ZONE} {OURS}"]\nacme_zone_listen = ["{OURS}:{cls.world.authority_port}"]\n'
            f'[network]\nallow = ["127.0.0.0/8"]\n[[issuers]]\nissuer = "{cls.provider.issuer}"\njwks_file = "{jwks}"\n'
            "[api]\nrequests_per_key = 0\nrequests_per_address = 0\n"
            f'[[authorities]]\nname = "pebble"\ndirectory_url = "{cls.pebble.directory_url}"\nca_file = "{cls.pebble.ca_file}"\nagree_to_terms = true\n'
            'limits = "none"\n'))
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        for server in (cls.world.powerdns, cls.world.knot):
            server.set_records("saas.example", ["app IN A 127.0.0.9", "acme IN NS ns1.acme", f"ns1.acme IN A {OURS}"])
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.stop)
        cls.application = cls.server.create_application(
            name="Certificates", webhook_url=cls.receiver.url, cname_target="app.saas.example", allowed_origins=["https://app.saas.example"],
            identity={"issuer": cls.provider.issuer, "audiences": ["https://app.saas.example"]})

    hosts = 0

    def setUp(self):
        # A host of its own for each test: the authority's resolver keeps for some seconds where the last one's challenge led.
        Certificates.hosts += 1
        self.label = f"h{Certificates.hosts}"
        self.host = f"{self.label}.shop.example"
        self.records = {}
        self.publish()
        self.organization = self.id().rsplit(".", 1)[1].replace("_", "-")
        self.token = self.provider.token(self.organization, aud="https://app.saas.example")

    def tearDown(self):
        for item in self.server.v1("GET", f"/connections?application={self.application['id']}").json["data"]:
            self.server.v1("DELETE", f"/connections/{item['id']}")

    def publish(self, *records, where=("powerdns", "knot")):
        for name in where:
            self.records[name] = list(records)
            getattr(self.world, name).set_records("shop.example", self.records[name])

    def connect(self, **members):
        return self.server.connect(self.application["id"], self.host, [{"type": "CNAME", "host": self.label, "value": "{CNAME_TARGET}"}],
                                   organization=self.organization, **members)

    def domain(self, method, what, body=None, seconds=30):
        return call(self.server.api, method, f"/api/domain/{what}/{self.organization}", body, {"Authorization": f"Bearer {self.token}"}, seconds)

    def status(self):
        return self.domain("GET", "get-proxy").json["proxy_status"]

    def wait_until_validated(self, connection):
        try:
            wait_until(lambda: self.status() == "SSL_VALIDATED", "SSL_VALIDATED", 60)
        except Failed as failed:
            raise Failed(f"{failed}: {self.certificate(connection)}") from failed

    def certificate(self, connection):
        for item in self.server.v1("GET", "/certificates").json["data"]:
            if item["connection"] == connection["id"]:
                return item
        return None

    def issued(self, connection):
        """The certificate as the authority knows it, once it is held."""
        try:
            found = wait_until(lambda: (lambda one: one if one and one["issued"] else None)(self.certificate(connection)), "a certificate", 60)
        except Failed as failed:
            raise Failed(f"{failed}: {self.certificate(connection)}") from failed
        certificate = x509.load_pem_x509_certificate(found["issued"]["chain"].encode())
        self.assertEqual(self.pebble.status_of(certificate), "Valid")
        return found, certificate

    def challenge_record(self, connection):
        return next(record for record in connection["records"] if record["purpose"] == "certificate")

    def add_challenge_cname(self, connection, **more):
        record = self.challenge_record(connection)
        self.publish(f"{record['host']} IN CNAME {record['value']}.", **more)
        return record

    # ── by a CNAME ────────────────────────────────────────────────────────────────────────────────────────────────

    def test_comes_by_itself_after_step_1(self):
        connection = self.connect(certificate="cname")
        record = self.add_challenge_cname(connection)
        self.assertEqual(record["name"], f"_acme-challenge.{self.host}")
        self.assertTrue(record["value"].endswith("." + ZONE), record)
        self.assertEqual(self.domain("POST", "mark-step-complete", {"step": 1}).json["proxy_status"], "SSL_VALIDATING")
        self.wait_until_validated(connection)
        found, certificate = self.issued(connection)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
        self.assertEqual(names, [self.host])
        self.assertEqual(found["state"], "issued")
        self.assertIsNone(found["order"])

    def test_of_a_host_and_its_wildcard_comes_at_once(self):
        connection = self.connect(certificate="cname", wildcard=True)
        self.add_challenge_cname(connection)
        self.domain("POST", "mark-step-complete", {"step": 1})
        _, certificate = self.issued(connection)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
        self.assertEqual(sorted(names), [f"*.{self.host}", self.host])

    def test_complete_says_what_is_missing_until_every_server_has_it(self):
        connection = self.connect(certificate="cname")
        self.add_challenge_cname(connection, where=("powerdns",))
        missing = self.domain("POST", "complete-certificate", seconds=40)
        self.assertEqual(missing.status, 409, missing)
        self.assertIn("ns2.shop.example", missing.json["detail"])
        self.assertIsNone(self.certificate(connection)["order"], "nothing is asked of the authority before")
        self.add_challenge_cname(connection)
        done = wait_until(lambda: (lambda answer: answer if answer.status == 200 else None)(self.domain("POST", "complete-certificate", seconds=40)),
                          "the certificate", 60)
        self.assertEqual(done.json["proxy_status"], "SSL_VALIDATED")
        self.assertIn(self.host, done.json["message"])

    # ── by a TXT ──────────────────────────────────────────────────────────────────────────────────────────────────

    def test_by_txt_is_the_walk_of_the_published_pages(self):
        connection = self.connect(certificate="txt")
        started = self.domain("POST", "start-certificate")
        self.assertEqual(started.status, 200, started)
        self.assertEqual(list(started.json)[:6], ["txt_record_name", "txt_record_value", "order_url", "authorization_url", "challenge_url", "finalize_url"])
        self.assertEqual(started.json["txt_record_name"], f"_acme-challenge.{self.host}")
        self.assertEqual(self.domain("POST", "start-certificate").json["order_url"], started.json["order_url"], "a pending order is used again")
        self.publish(f"_acme-challenge.{self.label} IN TXT \"{started.json['txt_record_value']}\"")
        self.assertEqual(self.domain("POST", "mark-step-complete", {"step": 1}).status, 200)
        done = self.domain("POST", "complete-certificate", seconds=40)
        self.assertEqual(done.status, 200, done)
        self.assertEqual(list(done.json), ["status", "proxy_status", "certificate_arn", "message"])
        self.issued(connection)
        self.assertEqual(self.domain("POST", "mark-step-complete", {"step": 2}).json["proxy_status"], "DEPLOYED")

    def test_caa_that_forbids_the_authority_is_said_before_it_is_asked(self):
        # Pebble does not say what CAA would have to name; our authority does.
        authority = Authority(self.directory.name, self.world.unbound.address + f":{self.world.resolver_port}").start()
        self.addCleanup(authority.stop)
        relay = Relay(authority.port, OURS_SPEAKS, front=(self.pebble.directory / "certificate.pem", self.pebble.directory / "key.pem"))
        self.addCleanup(relay.stop)
        authority.be_seen_at(f"https://localhost:{relay.port}")
        server = Signpost(self.directory.name + "/caa", config=(
            f'[dns]\nresolvers = ["{self.world.RESOLVER}:{self.world.resolver_port}"]\nauthority_port = {self.world.authority_port}\n'
            '[network]\nallow = ["127.0.0.0/8"]\n[[authorities]]\nname = "ours"\nagree_to_terms = true\nlimits = "none"\n'
            f'directory_url = "https://localhost:{relay.port}/acme/directory.json"\nca_file = "{self.pebble.ca_file}"\n'
            f'[[issuers]]\nissuer = "{self.provider.issuer}"\njwks_file = "{self.directory.name}/jwks.json"\n')).start()
        self.addCleanup(server.stop)
        application = server.create_application(identity={"issuer": self.provider.issuer, "audiences": ["https://app.saas.example"]})
        server.connect(application["id"], self.host, [{"type": "A", "host": self.label, "value": "192.0.2.1"}], organization=self.organization, certificate="txt")
        self.publish('@ IN CAA 0 issue "other.example"')

        def domain(method, what):
            return call(server.api, method, f"/api/domain/{what}/{self.organization}", headers={"Authorization": f"Bearer {self.token}"})

        refused = domain("POST", "start-certificate")
        self.assertEqual(refused.status, 503, refused)
        self.assertIn('add a CAA record 0 issue "authority.example"', refused.json["detail"])
        self.assertEqual(domain("GET", "get-proxy").json["attention"]["cause"], "certificate_caa_forbids")
        self.assertEqual(relay.of("newOrder"), [])

    # ── disconnection ─────────────────────────────────────────────────────────────────────────────────────────────

    def test_disconnecting_restores_what_was_there_and_reconnecting_needs_no_new_certificate(self):
        self.publish(f"{self.label} IN CNAME cname.hosting.example.")
        connection = self.connect(certificate="cname")
        wait_until(lambda: self.domain("GET", "get-proxy").json["original_www_cname"], "the original DNS")
        record = self.challenge_record(connection)
        self.publish(f"{self.label} IN CNAME app.saas.example.", f"{record['host']} IN CNAME {record['value']}.")
        self.domain("POST", "mark-step-complete", {"step": 1})
        self.wait_until_validated(connection)
        self.assertEqual(self.domain("POST", "mark-disconnect-complete").status, 409, "it is not deployed yet")
        self.domain("POST", "mark-step-complete", {"step": 2})
        restored = self.domain("POST", "disconnect-proxy").json
        self.assertEqual(restored["original_www_cname"], "cname.hosting.example")
        self.assertEqual(restored["dns_records"], [{"name": self.label, "type": "CNAME", "value": "cname.hosting.example"}])
        self.assertEqual(restored["ssl_cname_record_to_delete"]["name"], f"_acme-challenge.{self.label}")
        gone = self.domain("POST", "mark-disconnect-complete").json
        self.assertEqual((gone["proxy_status"], gone["can_reconnect"]), ("DISCONNECTED", True))
        before = self.certificate(connection)["issued"]["serial"]
        self.assertEqual(self.domain("POST", "reconnect-proxy").json["proxy_status"], "SSL_VALIDATED")
        self.assertEqual(self.domain("POST", "mark-step-complete", {"step": 2}).json["proxy_status"], "DEPLOYED")
        self.assertEqual(self.certificate(connection)["issued"]["serial"], before)

    def test_without_a_connection_there_is_nothing_to_disconnect(self):
        for what in ("disconnect-proxy", "mark-disconnect-complete", "start-certificate", "complete-certificate", "reconnect-proxy"):
            self.assertEqual(self.domain("POST", what).status, 404, what)

    # ── by hand ───────────────────────────────────────────────────────────────────────────────────────────────────

    def test_is_renewed_and_revoked_by_hand(self):
        connection = self.connect(certificate="cname")
        self.add_challenge_cname(connection)
        self.domain("POST", "mark-step-complete", {"step": 1})
        found, first = self.issued(connection)
        # 150 s: what fails on a busy machine is tried again after a minute.
        self.assertEqual(self.server.v1("POST", f"/certificates/{found['id']}/renew").status, 202)
        renewed = wait_until(lambda: (lambda one: one if one["issued"]["serial"] != found["issued"]["serial"] else None)(self.certificate(connection)),
                             "a renewed certificate", 150)
        other = self.server.v1("POST", f"/certificates/{found['id']}/revoke", {"reason": "superseded", "serial": "00"})
        self.assertEqual(other.status, 409, other)
        revoked = self.server.v1("POST", f"/certificates/{found['id']}/revoke", {"reason": "superseded"})
        self.assertEqual(revoked.status, 200, revoked)
        second = x509.load_pem_x509_certificate(renewed["issued"]["chain"].encode())
        self.assertEqual((self.pebble.status_of(first), self.pebble.status_of(second)), ("Valid", "Revoked"))
        wait_until(lambda: self.certificate(connection)["issued"]["serial"] not in (found["issued"]["serial"], renewed["issued"]["serial"]),
                   "another certificate", 150)

    def test_no_private_key_is_readable_in_the_database(self):
        connection = self.connect(certificate="cname")
        self.add_challenge_cname(connection)
        self.domain("POST", "mark-step-complete", {"step": 1})
        self.issued(connection)
        with sqlite3.connect(f"file:{self.server.data / 'signpost.db'}?mode=ro", uri=True) as database:
            dump = "\n".join(database.iterdump())
        self.assertIn("BEGIN CERTIFICATE", dump)
        self.assertNotIn("PRIVATE KEY", dump)
        self.assertNotIn("PRIVATE KEY", self.server.process.output())

    # ── on the command line ───────────────────────────────────────────────────────────────────────────────────────

    def command(self, *words, **more):
        return self.server.run("certificate", *words, env={"COLUMNS": "200"}, **more)

    def api_command(self, *words, **more):
        return self.command(*words, "--server", f"http://{self.server.api}", **more)

    def at_terminal(self, answer, *words):
        """What a person sees who types `answer`, and the exit status."""
        ours, theirs = pty.openpty()
        try:
            child = subprocess.Popen([self.server.binary, "certificate", *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs,
                                     env={**os.environ, "SIGNPOST_KEY": self.server.key, "TERM": "dumb"})
            os.close(theirs)
            os.write(ours, answer.encode() + b"\n")
            seen = b""
            while True:
                try:
                    part = os.read(ours, 4096)
                except OSError:  # the other side is closed
                    break
                if not part:
                    break
                seen += part
            return child.wait(30), seen.decode()
        finally:
            os.close(ours)

    def test_the_command_line_tells_how_it_stands_and_what_is_missing(self):
        connection = self.connect(certificate="cname")
        self.add_challenge_cname(connection, where=("powerdns",))
        self.domain("POST", "mark-step-complete", {"step": 1})
        wait_until(lambda: self.certificate(connection)["missing"], "what is missing", 60)
        found = self.certificate(connection)
        self.assertIn(f"{found['id']}  waiting", self.api_command("list").stdout)
        shown = self.api_command("show", found["id"]).stdout
        self.assertIn("Missing:", shown)
        self.assertIn("ns2.shop.example", shown)
        self.add_challenge_cname(connection)
        self.assertIn("is on its way", self.api_command("renew", found["id"]).stdout)
        found, _ = self.issued(connection)
        shown = self.api_command("show", found["id"]).stdout
        self.assertIn("issued by    pebble", shown)
        self.assertIn(found["issued"]["serial"], shown)
        self.assertNotIn("Missing", shown)
        self.assertIn(found["id"], self.api_command("list", "--ends-within", "3650d").stdout)
        self.assertNotIn(found["id"], self.api_command("list", "--ends-within", "1h").stdout)

    def test_the_account_gets_another_key_and_goes_on(self):
        def authority(*words, **more):
            return self.server.run("authority", *words, "--server", f"http://{self.server.api}", env={"COLUMNS": "200"}, **more)

        connection = self.connect(certificate="cname")
        self.add_challenge_cname(connection)
        self.domain("POST", "mark-step-complete", {"step": 1})
        found, _ = self.issued(connection)
        account = self.server.v1("GET", "/authorities").json["data"][0]["account"]
        self.assertIn("another key", authority("rollover-key", "pebble").stdout)
        shown = authority("list").stdout
        self.assertIn(account["url"], shown)
        after = self.server.v1("GET", "/authorities").json["data"][0]["account"]
        self.assertEqual((after["url"], after["is_key_changing"]), (account["url"], False))
        self.assertNotEqual(after["key_changed_at"], account["key_changed_at"])
        self.assertIn("no authority nobody", authority("rollover-key", "nobody", check=False).stderr)
        # The key is the account's at the authority, too: only its holder revokes.
        revoked = self.server.v1("POST", f"/certificates/{found['id']}/revoke", {"reason": "superseded"})
        self.assertEqual(revoked.status, 200, revoked)
        wait_until(lambda: self.certificate(connection)["issued"]["serial"] != found["issued"]["serial"], "another certificate", 150)
        self.assertIn("authority.rollover_key", [line["action"] for line in self.server.v1("GET", "/audit-log").json["data"]])

    def test_revoking_asks_back(self):
        connection = self.connect(certificate="cname")
        self.add_challenge_cname(connection)
        self.domain("POST", "mark-step-complete", {"step": 1})
        found, certificate = self.issued(connection)
        words = ("revoke", found["id"], "--reason", "superseded", "--server", f"http://{self.server.api}")
        self.assertIn("cannot be undone", self.command(*words, "--dry-run").stdout)
        unasked = self.command(*words, check=False)
        self.assertEqual(unasked.returncode, 1)
        self.assertIn("add --yes", unasked.stderr)
        status, seen = self.at_terminal("no", *words)
        self.assertEqual(status, 1)
        self.assertIn("Type yes", seen)
        self.assertEqual(self.pebble.status_of(certificate), "Valid")
        status, seen = self.at_terminal("yes", *words)
        self.assertEqual(status, 0, seen)
        self.assertEqual(self.pebble.status_of(certificate), "Revoked")

    def test_is_exported_with_its_key_for_the_owner_alone(self):
        connection = self.connect(certificate="cname")
        self.add_challenge_cname(connection)
        self.domain("POST", "mark-step-complete", {"step": 1})
        found, certificate = self.issued(connection)
        here = ("--config", self.server.config, "--data", self.server.data)
        with tempfile.TemporaryDirectory() as directory:
            chain, key = pathlib.Path(directory, "chain.pem"), pathlib.Path(directory, "key.pem")
            words = ("export", found["id"], "--chain-file", chain, "--key-file", key, *here)
            self.command(*words)
            self.assertEqual(chain.read_text(), found["issued"]["chain"])
            self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
            public = load_pem_private_key(key.read_bytes(), None).public_key()
            form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            self.assertEqual(public.public_bytes(*form), certificate.public_key().public_bytes(*form))
            self.assertIn("--overwrite", self.command(*words, check=False).stderr)
            self.command(*words, "--overwrite")
        status, seen = self.at_terminal("", "export", found["id"], "--key-file", "-", *here)
        self.assertEqual(status, 1)
        self.assertNotIn("PRIVATE KEY", seen)
        actions = [line["action"] for line in self.server.v1("GET", "/audit-log").json["data"] if line["subject"] == found["id"]]
        self.assertEqual(actions.count("certificate.export"), 2)


if __name__ == "__main__":
    unittest.main()
