# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every step on the way to a certificate, placed by a relay before the authority: asserted by what the authority has seen and holds."""

import base64
import collections
import contextlib
import http.client
import json
import pathlib
import sqlite3
import tempfile
import threading
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness.authority import Authority
from harness.dns_servers import DnsWorld
from harness.identity import IdentityProvider
from harness.pebble import Pebble, write_tls_files
from harness.process import wait_until
from harness.relay import OURS, PEBBLE, Relay
from harness.sealed import unseal
from harness.signpost import Signpost, call

SIGNPOST = "127.0.0.4"
ZONE = "acme.saas.example"

# What a process asks first, and what it asks for every certificate. Between two of them lies a step that was saved, the key's and the look's among it.
FIRST = ("directory", "newNonce", "newAccount")
OF_EVERY_CERTIFICATE = ("newOrder", "authorization", "challenge", "order", "finalize", "certificate")
# The order is on its way to its row: a crash in between may leave it at the authority, and another is placed.
UNSAVED = {("newOrder", "after"), ("authorization", "before"), ("authorization", "after")}


def public_key_of(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class World:
    """shop.example at PowerDNS and Knot, acme.saas.example at Signpost, an authority behind a relay; every connection has a host of its own."""

    def __init__(self, test, authority_of, relay_of, directory_url_of, more_of=lambda _: ""):
        self.directory = tempfile.TemporaryDirectory(prefix="signpost-certificate-crash-")
        test.addCleanup(self.directory.cleanup)
        self.dns = DnsWorld(self.directory.name + "/dns", beside=(SIGNPOST,))
        self.dns.unbound.stubs[ZONE] = [(SIGNPOST, self.dns.authority_port)]
        test.addCleanup(self.dns.stop)
        self.dns.start()
        self.resolver = f"{self.dns.RESOLVER}:{self.dns.resolver_port}"
        self.authority = authority_of(self)
        test.addCleanup(self.authority.stop)
        self.authority.start()
        self.relay = relay_of(self.authority)
        test.addCleanup(self.relay.stop)
        self.provider = IdentityProvider()
        jwks = self.directory.name + "/jwks.json"
        with open(jwks, "w") as file:
            json.dump(self.provider.jwks(), file)
        self.server = Signpost(self.directory.name + "/signpost", config=(
            f'[dns]\nresolvers = ["{self.resolver}"]\nauthority_port = {self.dns.authority_port}\n'
            f'acme_zone = "{ZONE}"\nacme_zone_name_servers = ["ns1.{ZONE} {SIGNPOST}"]\nacme_zone_listen = ["{SIGNPOST}:{self.dns.authority_port}"]\n'
            f'[network]\nallow = ["127.0.0.0/8"]\n[[issuers]]\nissuer = "{self.provider.issuer}"\njwks_file = "{jwks}"\n'
            "[api]\nrequests_per_key = 0\nrequests_per_address = 0\n"
            f'[[authorities]]\nname = "authority"\ndirectory_url = "{directory_url_of(self.relay)}"\nagree_to_terms = true\nlimits = "none"\n{more_of(self.authority)}'))
        test.addCleanup(self.server.stop)
        self.server.start()
        self.records = []
        for server in (self.dns.powerdns, self.dns.knot):
            server.set_records("saas.example", ["app IN A 127.0.0.9", "acme IN NS ns1.acme", f"ns1.acme IN A {SIGNPOST}"])
        self.application = self.server.create_application(
            name="Crash", cname_target="app.saas.example", identity={"issuer": self.provider.issuer, "audiences": []})["id"]

    def publish(self, *records):
        self.records.extend(records)
        for server in (self.dns.powerdns, self.dns.knot):
            server.set_records("shop.example", self.records)

    def restart(self):
        self.server.kill()
        self.server.start()


class Walk:
    """One connection's way to its certificate. Whoever asks and hears nothing, because of a crash, asks again."""

    def __init__(self, world, number, by):
        self.world, self.label, self.by = world, f"h{number}", by
        self.host = f"{self.label}.shop.example"
        self.connection = world.server.connect(world.application, self.host, [{"type": "CNAME", "host": self.label, "value": "{CNAME_TARGET}"}],
                                               organization=self.label, certificate=by)
        self.seen = len(world.relay.exchanges)

    def domain(self, method, what, body=None):
        token = self.world.provider.token(self.label)
        return call(self.world.server.api, method, f"/api/domain/{what}/{self.label}", body, {"Authorization": f"Bearer {token}"}, 60)

    def insist(self, *words):
        def answer():
            try:
                return self.domain(*words)
            except (OSError, http.client.HTTPException):
                return None
        return wait_until(answer, f"an answer to {words}", 60)

    def status(self):
        return self.insist("GET", "get-proxy").json["proxy_status"]

    def begin(self):
        """All that the customer and the frontend do; nothing of it waits for the certificate."""
        if self.by == "cname":
            record = next(record for record in self.connection["records"] if record["purpose"] == "certificate")
            self.world.publish(f"{record['host']} IN CNAME {record['value']}.")
        else:
            started = wait_until(lambda: (lambda answer: answer if answer.status == 200 else None)(self.insist("POST", "start-certificate")), "an order", 60)
            self.world.publish(f"_acme-challenge.{self.label} IN TXT \"{started.json['txt_record_value']}\"")
        self.insist("POST", "mark-step-complete", {"step": 1})

    def end(self):
        wait_until(lambda: self.status() == "SSL_VALIDATED", f"SSL_VALIDATED of {self.host}", 90)

    def item(self):
        return next(item for item in self.world.server.v1("GET", "/certificates?limit=100").json["data"] if item["connection"] == self.connection["id"])

    def held(self):
        """The certificate and, opened from the database, its private key."""
        item = self.item()
        certificate = x509.load_pem_x509_certificate(item["issued"]["chain"].encode())
        with sqlite3.connect(f"file:{self.world.server.data / 'signpost.db'}?mode=ro", uri=True) as database:
            sealed, = database.execute("SELECT held_sealed_key FROM certificate WHERE held_serial = ?", (item["issued"]["serial"],)).fetchone()
        key = unseal(self.world.server.data / "master.key", sealed, f"certificate key {item['id']}")
        return certificate, serialization.load_pem_private_key(key, None)

    def orders(self):
        """Those that the authority has taken for this host."""
        return [one for one in self.world.relay.of("newOrder", self.seen)
                if one.status == 201 and one.json["identifiers"] == [{"type": "dns", "value": self.host}]]


class Crash:
    """kill -9 when a request stands at the relay, and a new start."""

    def __init__(self, world, kind, moment, count=1):
        self.world, self.trap, self.failure = world, world.relay.trap(kind, moment, count), None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            self.trap.wait()
            self.world.server.kill()
            self.trap.let_go(cut=True)
            self.world.server.start()
        except Exception as failure:  # noqa: BLE001 told by the test's own thread
            self.failure = failure

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.thread.join(90)
            if self.failure:
                raise self.failure


class Crashes(unittest.TestCase):
    def check(self, walk, orders_max):
        """What we hold has its key, and is all that the authority was made to do."""
        certificate, key = walk.held()
        self.assertEqual(public_key_of(key.public_key()), public_key_of(certificate.public_key()), f"{walk.host}: the key is another")
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
        self.assertEqual(names, [walk.host])
        self.assertLessEqual(len(walk.orders()), orders_max, f"{walk.host}: an order was lost")
        self.assertIsNone(walk.item()["order"])

    def with_pebble(self):
        def relay_of(pebble):
            return Relay(pebble.port, PEBBLE, front=(pebble.directory / "certificate.pem", pebble.directory / "key.pem"), behind=pebble.ca_file)

        return World(self, lambda world: Pebble(world.directory.name + "/pebble", world.resolver), relay_of,
                     lambda relay: f"https://localhost:{relay.port}/dir", lambda pebble: f'ca_file = "{pebble.ca_file}"\n')

    def walk_through(self, world, by, points):
        for number, (kind, moment, count) in enumerate(points):
            with self.subTest(by=by, kind=kind, moment=moment, count=count):
                if kind in FIRST:
                    world.restart()  # what a process asks first, it asks once
                walk = Walk(world, f"{by}{number}", by)
                with Crash(world, kind, moment, count):
                    walk.begin()
                    walk.end()
                self.check(walk, 2 if (kind, moment) in UNSAVED else 1)
        print(f"{len(points)} kills on the way to a certificate by {by}; requests at the authority: "
              f"{dict(collections.Counter(one.kind for one in world.relay.exchanges))}")

    def test_on_the_way_by_a_cname_lose_no_order_and_no_key(self):
        world = self.with_pebble()
        points = [(kind, moment, 1) for kind in FIRST for moment in ("before", "after") if (kind, moment) != ("newAccount", "after")]
        points += [(kind, moment, 1) for kind in OF_EVERY_CERTIFICATE for moment in ("before", "after")]
        points += [("order", moment, 2) for moment in ("before", "after")]  # once it is finalized
        self.walk_through(world, "cname", sorted(points, key=lambda point: point[0] != "newAccount"))

    def test_on_the_way_by_a_txt_lose_no_order_and_no_key(self):
        world = self.with_pebble()
        points = [("newAccount", "after", 1)] + [(kind, moment, 1) for kind in OF_EVERY_CERTIFICATE for moment in ("before", "after")]
        self.walk_through(world, "txt", points)
        for number, moment in enumerate(("start-certificate", "mark-step-complete", "SSL_VALIDATED")):
            with self.subTest(after=moment):
                walk = Walk(world, f"told{number}", "txt")
                started = walk.insist("POST", "start-certificate").json
                if moment == "start-certificate":
                    world.restart()
                    self.assertEqual(walk.insist("POST", "start-certificate").json, started)
                world.publish(f"_acme-challenge.{walk.label} IN TXT \"{started['txt_record_value']}\"")
                walk.insist("POST", "mark-step-complete", {"step": 1})
                if moment == "mark-step-complete":
                    world.restart()
                walk.end()
                if moment == "SSL_VALIDATED":
                    world.restart()
                    self.assertEqual(walk.status(), "SSL_VALIDATED")
                self.check(walk, 1)

    # ── the account ───────────────────────────────────────────────────────────────────────────────────────────────

    def test_in_a_change_of_the_accounts_key_lose_neither_account_nor_key(self):
        world = self.with_pebble()
        walk = Walk(world, "first", "cname")
        walk.begin()
        walk.end()

        def account():
            return world.server.v1("GET", "/authorities").json["data"][0]["account"]

        for number, (kind, moment) in enumerate((kind, moment) for kind in ("newAccount", "keyChange") for moment in ("before", "after")):
            with self.subTest(kind=kind, moment=moment):
                before = account()
                with Crash(world, kind, moment), contextlib.suppress(OSError, http.client.HTTPException):
                    world.server.v1("POST", "/authorities/authority/rollover-key")
                after = wait_until(lambda: (lambda now: now if not now["is_key_changing"] else None)(account()), "the change to go on by itself", 60)
                self.assertEqual(after["url"], before["url"])
                self.assertNotEqual(after["key_changed_at"], before["key_changed_at"])
                walk = Walk(world, f"rolled{number}", "cname")
                walk.begin()
                walk.end()
        self.assertEqual([one.status for one in world.relay.of("newAccount") if one.status == 201], [201], "one account was made, once")

    # ── renewals ──────────────────────────────────────────────────────────────────────────────────────────────────

    def with_ours(self):
        files = tempfile.TemporaryDirectory(prefix="signpost-certificate-crash-tls-")
        self.addCleanup(files.cleanup)
        tls = pathlib.Path(files.name)
        write_tls_files(tls)

        def relay_of(authority):
            relay = Relay(authority.port, OURS, front=(tls / "certificate.pem", tls / "key.pem"))
            authority.be_seen_at(f"https://localhost:{relay.port}")
            return relay

        world = World(self, lambda world: Authority(world.directory.name, world.resolver), relay_of,
                      lambda relay: f"https://localhost:{relay.port}/acme/directory.json", lambda _: f'ca_file = "{tls}/root.pem"\n')
        # A renewal comes right after the certificate, when resolvers still remember the value before; our own look does not.
        world.authority.choose(checks_txt=False)
        return world

    def test_in_a_renewal_leave_what_is_held_until_its_successor_is(self):
        world = self.with_ours()
        walk = Walk(world, "renewed", "cname")
        walk.begin()
        walk.end()
        points = [(kind, moment) for kind in OF_EVERY_CERTIFICATE for moment in ("before", "after")]
        for kind, moment in points:
            with self.subTest(kind=kind, moment=moment):
                before, walk.seen, issued = walk.item(), len(world.relay.exchanges), world.authority.state()["issued"]
                with Crash(world, kind, moment) as crash:
                    self.assertEqual(world.server.v1("POST", f"/certificates/{before['id']}/renew").status, 202)
                    crash.thread.join(90)
                    self.assertEqual((walk.status(), walk.item()["state"]), ("SSL_VALIDATED", "issued"))
                    wait_until(lambda: walk.item()["issued"]["serial"] != before["issued"]["serial"], "a renewed certificate", 90)
                self.check(walk, 2 if (kind, moment) in UNSAVED else 1)
                self.assertEqual(world.authority.state()["issued"], issued + 1, "every certificate that was issued is held")

    def test_in_a_renewal_that_the_authority_wishes_lose_nothing(self):
        world = self.with_ours()
        for number, (kind, moment) in enumerate((("renewalInfo", "before"), ("renewalInfo", "after"), ("newOrder", "after"), ("finalize", "after"))):
            with self.subTest(kind=kind, moment=moment):
                walk = Walk(world, f"wished{number}", "cname")
                asked = world.relay.trap("renewalInfo", "before")
                walk.begin()
                asked.wait()  # the certificate is held, and the authority is asked when it wants it renewed
                first = walk.item()
                certificate, _ = walk.held()
                world.authority.set_window(renewal_id_of(certificate), "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z")
                walk.seen = len(world.relay.exchanges)
                if kind == "renewalInfo" and moment == "before":
                    world.server.kill()
                    asked.let_go(cut=True)
                    world.server.start()
                else:
                    with Crash(world, kind, moment):
                        asked.let_go()
                wait_until(lambda: walk.item()["issued"]["serial"] != first["issued"]["serial"], "a renewed certificate", 90)
                self.check(walk, 2 if (kind, moment) in UNSAVED else 1)
                self.assertIn("replaces", json.loads(world.relay.of("newOrder", walk.seen)[0].payload))


def renewal_id_of(certificate):
    """RFC 9773 4.1."""
    key_id = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    serial = certificate.serial_number.to_bytes(certificate.serial_number.bit_length() // 8 + 1, "big")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (key_id, serial))


if __name__ == "__main__":
    unittest.main()
