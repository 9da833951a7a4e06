# SPDX-License-Identifier: Apache-2.0
"""The ACME zone as others see it: asked by Knot's and BIND's own tools, found from the zone above, written to Knot and BIND."""

import contextlib
import pathlib
import re
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from harness.dns_servers import DnsWorld, program
from harness.process import free_port, wait_until
from harness.signpost import Signpost
from harness.update_servers import Bind, Knot

# BIND listens on addresses that an interface has, which of 127.0.0.0/8 is one.
OURS, BIND, UPDATED_KNOT = "127.0.0.4", "127.0.0.1", "127.0.0.6"
ZONE = "acme.saas.example"
SECRET = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"


def tool(name, *words, stdin=None):
    done = subprocess.run([program(name), *map(str, words)], capture_output=True, text=True, check=False, timeout=30, input=stdin)
    return done.stdout + done.stderr


class Between:
    """Stands between Signpost and a name server, UDP and TCP, and does with the answers what a test says."""

    def __init__(self, server, by_udp=lambda octets: octets, by_tcp=lambda octets: octets):
        self.server, self.by_udp, self.by_tcp, self.seen_tcp = (server.address, server.port), by_udp, by_tcp, 0
        self.port = free_port()
        self.udp, self.tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.create_server(("127.0.0.1", self.port))
        self.udp.bind(("127.0.0.1", self.port))
        for work in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=work, daemon=True).start()

    def serve_udp(self):
        with contextlib.suppress(OSError):
            while True:
                octets, client = self.udp.recvfrom(65535)
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
                    way.settimeout(5)
                    way.sendto(octets, self.server)
                    answer = self.by_udp(way.recv(65535))
                if answer:
                    self.udp.sendto(answer, client)

    def serve_tcp(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.tcp.accept()
                self.seen_tcp += 1
                with client, socket.create_connection(self.server, 5) as way:
                    way.sendall(self.message(client))
                    client.sendall(self.by_tcp(self.message(way)))

    @staticmethod
    def message(stream):
        with stream.makefile("rb") as file:
            length = file.read(2)
            return length + file.read(struct.unpack("!H", length)[0])

    def stop(self):
        self.udp.close()
        self.tcp.close()


class World(unittest.TestCase):
    """saas.example at PowerDNS and Knot, below it acme.saas.example at Signpost; Unbound resolves them."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="signpost-acme-zone-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.world = DnsWorld(cls.directory.name + "/dns", beside=(OURS, BIND, UPDATED_KNOT))
        cls.port = cls.world.authority_port
        for zone, address in ((ZONE, OURS), ("acmeb.saas.example", BIND), ("acmek.saas.example", UPDATED_KNOT)):
            cls.world.unbound.stubs[zone] = [(address, cls.port)]
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()

    @classmethod
    def dns_settings(cls, more):
        return (f'[dns]\nresolvers = ["{cls.world.RESOLVER}:{cls.world.resolver_port}"]\nauthority_port = {cls.port}\n{more}\n'
                '[network]\nallow = ["127.0.0.0/8"]\n')

    @classmethod
    def delegate(cls, *records):
        for server in (cls.world.powerdns, cls.world.knot):
            server.set_records("saas.example", ["app IN A 127.0.0.9", *records])


class Served(World):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.delegate("acme IN NS ns1.acme", f"ns1.acme IN A {OURS}")
        cls.server = Signpost(cls.directory.name + "/signpost", config=cls.dns_settings(
            f'acme_zone = "{ZONE}"\nacme_zone_name_servers = ["ns1.{ZONE} {OURS}"]\nacme_zone_listen = ["{OURS}:{cls.port}"]'))
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        cls.publish("abc", "first", "second")
        cls.publish("many", *(f"{i:043}" for i in range(32)))
        cls.publish("three", *(f"{i:043}" for i in range(3)))

    @classmethod
    def publish(cls, label, *values):
        """As another process on the same database does, and waits until the server has polled it."""
        now = int(time.time() * 1000)
        with contextlib.closing(sqlite3.connect(cls.server.data / "signpost.db", timeout=20)) as database, database:
            for value in values:
                database.execute("UPDATE challenge_revision SET revision = revision + 1")
                database.execute("INSERT INTO challenge_text SELECT ?, ?, ?, ?, revision FROM challenge_revision", (label, value, now, now + 600_000))
        wait_until(lambda: len(cls.dig(f"{label}.{ZONE}", "TXT", "+short", "+tcp").splitlines()) == len(values), f"{label} to be answered")

    @classmethod
    def dig(cls, *words):
        return tool("dig", f"@{OURS}", "-p", cls.port, "+norecurse", "+tries=1", "+time=3", *words)

    @classmethod
    def kdig(cls, *words):
        return tool("kdig", f"@{OURS}", "-p", cls.port, "+retry=0", "+time=3", *words)

    def status(self, answer):
        found = re.search(r"status: (\w+)", answer)
        self.assertTrue(found, answer)
        return found.group(1)

    def flags(self, answer):
        return re.search(r"[Ff]lags: ([a-z ]*);", answer).group(1).split()

    # ── what it says ──────────────────────────────────────────────────────────────────────────────────────────────

    def test_both_tools_read_the_texts(self):
        for ask in (self.dig, self.kdig):
            answer = ask(f"abc.{ZONE}", "TXT")
            self.assertEqual(self.status(answer), "NOERROR", answer)
            self.assertEqual(sorted(re.findall(r'IN\s+TXT\s+"(\w+)"', answer)), ["first", "second"])
            self.assertIn("aa", self.flags(answer))
            self.assertNotIn("ra", self.flags(answer))
            self.assertNotIn("WARNING", answer.replace(";; WARNING: recursion requested but not available", ""))

    def test_soa_and_name_servers(self):
        self.assertRegex(self.dig(ZONE, "SOA", "+short"), rf"^ns1\.{ZONE}\. hostmaster\.{ZONE}\. \d+ 3600 600 604800 0$")
        answer = self.dig(ZONE, "NS")
        self.assertRegex(answer, rf"{ZONE}\.\s+300\s+IN\s+NS\s+ns1\.{ZONE}\.")
        self.assertRegex(answer, rf"ns1\.{ZONE}\.\s+300\s+IN\s+A\s+{OURS}")
        self.assertEqual(self.kdig(f"ns1.{ZONE}", "A", "+short").strip(), OURS)

    def test_denials_do_not_stick(self):
        for ask in (self.dig, self.kdig):
            absent = ask(f"nobody.{ZONE}", "TXT")
            self.assertEqual(self.status(absent), "NXDOMAIN")
            self.assertRegex(absent, rf"{ZONE}\.\s+0\s+IN\s+SOA\s.*\s0\n")
            empty = ask(f"abc.{ZONE}", "A")
            self.assertEqual(self.status(empty), "NOERROR")
            self.assertRegex(empty, rf"{ZONE}\.\s+0\s+IN\s+SOA\s.*\s0\n")

    def test_long_sets_come_by_tcp(self):
        truncated = self.dig(f"many.{ZONE}", "TXT", "+ignore")
        self.assertIn("tc", self.flags(truncated))
        self.assertIn("ANSWER: 0", truncated)
        for ask in (self.dig, self.kdig):
            self.assertEqual(len(re.findall(r'IN\s+TXT\s+"', ask(f"many.{ZONE}", "TXT"))), 32)
        self.assertNotIn("tc", self.flags(self.dig(f"three.{ZONE}", "TXT", "+noedns", "+ignore")))

    def test_any_is_told_one_set(self):
        self.assertEqual(len(re.findall(r'IN\s+TXT\s+"', self.dig(f"abc.{ZONE}", "ANY"))), 2)
        self.assertRegex(self.dig(ZONE, "ANY", "+notcp"), r"ANSWER: 1,")

    def test_case_of_the_question_is_kept(self):
        answer = self.dig("aBc.AcMe.SaAs.ExAmPlE", "TXT")
        self.assertIn(";aBc.AcMe.SaAs.ExAmPlE.", answer)
        self.assertRegex(answer, r'aBc\.AcMe\.SaAs\.ExAmPlE\.\s+0\s+IN\s+TXT')
        self.assertEqual(self.status(answer), "NOERROR")

    def test_a_resolver_keeps_neither_a_text_nor_a_denial(self):
        def resolved():
            return sorted(tool("dig", f"@{self.world.RESOLVER}", "-p", self.world.resolver_port, "+short", "+tries=1", f"next.{ZONE}", "TXT").split())

        self.assertEqual(resolved(), [])
        self.publish("next", "order-1")
        self.assertEqual(resolved(), ['"order-1"'], "the denial before is not remembered")
        with contextlib.closing(sqlite3.connect(self.server.data / "signpost.db", timeout=20)) as database, database:
            database.execute("UPDATE challenge_revision SET revision = revision + 1")
            database.execute("UPDATE challenge_text SET expires_at = 1, revision = (SELECT revision FROM challenge_revision) WHERE label = 'next'")
            database.execute("INSERT INTO challenge_text SELECT label, 'order-2', created_at, created_at + 600000, revision FROM challenge_text WHERE label = 'next'")
        wait_until(lambda: self.dig(f"next.{ZONE}", "TXT", "+short").split() == ['"order-2"'], "the next order's text", pause=0.01)
        self.assertEqual(resolved(), ['"order-2"'], "the text of the order before is not remembered")

    # ── what the compliance testers of EDNS look for ──────────────────────────────────────────────────────────────

    def test_edns_as_the_testers_want_it(self):
        name = [f"abc.{ZONE}", "TXT"]
        self.assertIn("EDNS: version: 0, flags:; udp: 1232", self.dig(*name, "+edns=0", "+nocookie"))
        self.assertNotIn("EDNS", self.dig(*name, "+noedns"))
        later = self.dig(*name, "+edns=1", "+noednsnegotiation", "+nocookie")
        self.assertEqual(self.status(later), "BADVERS")
        self.assertIn("EDNS: version: 0", later)
        self.assertIn("ANSWER: 0", later)
        for words in (["+ednsopt=100"], ["+ednsflags=0x80"], ["+nsid"], ["+cookie"], ["+subnet=192.0.2.0/24"], ["+keepalive", "+tcp"], ["+padding=64"]):
            answer = self.dig(*name, "+edns=0", *words)
            self.assertEqual(self.status(answer), "NOERROR", words)
            self.assertNotIn("OPT=100", answer)
            self.assertNotIn("COOKIE: 0", answer.replace("COOKIE: (echoed)", "COOKIE: 0"))
            self.assertNotIn("MBZ", answer)
        self.assertIn("flags: do;", self.dig(*name, "+dnssec"))
        both = self.dig(*name, "+edns=1", "+noednsnegotiation", "+ednsopt=100", "+nocookie")
        self.assertEqual(self.status(both), "BADVERS")
        self.assertEqual(self.status(self.dig(*name, "+bufsize=0")), "NOERROR")

    def test_other_opcodes_are_not_implemented(self):
        for opcode in ("STATUS", "NOTIFY", "UPDATE", "15"):
            answer = self.dig(ZONE, "SOA", f"+opcode={opcode}")
            self.assertEqual(self.status(answer), "NOTIMP", answer)

    def test_updates_and_transfers_are_refused(self):
        update = f"server {OURS} {self.port}\nzone {ZONE}\nupdate add evil.{ZONE} 60 TXT evil\nsend\n"
        self.assertIn("NOTIMP", tool("nsupdate", stdin=update))
        self.assertIn("NOTIMPL", tool("knsupdate", stdin=f"server {OURS} {self.port}\nzone {ZONE}.\nadd evil.{ZONE}. 60 TXT evil\nsend\n"))
        for ask in (self.dig, self.kdig):
            for kind in ("AXFR", "IXFR=1"):
                answer = ask(ZONE, kind, "+tcp")
                self.assertRegex(answer, r"Transfer failed|REFUSED|not successful", answer)
                self.assertNotIn("first", answer)
        self.assertEqual(self.dig(f"evil.{ZONE}", "TXT", "+short").strip(), "")

    def test_other_zones_and_classes_are_refused(self):
        for words in (["saas.example", "SOA"], ["www.shop.example", "A"], [".", "NS"], ["version.bind", "TXT", "CH"], [ZONE, "SOA", "CH"]):
            answer = self.dig(*words)
            self.assertEqual(self.status(answer), "REFUSED", words)
            self.assertNotIn("aa", self.flags(answer))

    def test_tcp_keeps_a_connection_for_many_questions(self):
        answer = self.kdig("+tcp", "+keepopen", f"abc.{ZONE}", "TXT", f"nobody.{ZONE}", "TXT", ZONE, "SOA")
        self.assertEqual(re.findall(r"status: (\w+)", answer), ["NOERROR", "NXDOMAIN", "NOERROR"])

    def test_answers_are_never_answered(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(5)
            udp.connect((OURS, self.port))
            question = b"\4acme\4saas\7example\0" + struct.pack("!HH", 6, 1)
            udp.send(struct.pack("!6H", 1, 0x8000, 1, 0, 0, 0) + question)
            udp.send(struct.pack("!6H", 2, 0, 1, 0, 0, 0) + question)
            self.assertEqual(udp.recv(4096)[:2], b"\0\2", "the query behind it is the first that is answered")

    # ── the whole of it ───────────────────────────────────────────────────────────────────────────────────────────

    def check(self):
        done = self.server.run("acme-zone", "check", "--config", self.server.config, "--data", self.server.data, check=False)
        return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)

    def test_check_proves_the_delegation(self):
        status, said = self.check()
        self.assertEqual(status, 0, said)
        for line in (f"ok the zone above leads {ZONE} to ns1.{ZONE}", f"ok ns1.{ZONE} ({OURS}:{self.port}) answers with the text", "answers by TCP too",
                     f"ok the resolver {self.world.RESOLVER} finds the text", "The zone is ready."):
            self.assertIn(line, said)
        self.assertNotIn("WRONG", said)
        with contextlib.closing(sqlite3.connect(self.server.data / "signpost.db")) as database:
            left = database.execute("SELECT COUNT(*) FROM challenge_text WHERE label LIKE 'check-%' AND expires_at > ?", (int(time.time() * 1000),)).fetchone()
        self.assertEqual(left[0], 0, "what it has published it has taken away")

    def test_check_says_that_the_zone_above_does_not_lead_here(self):
        self.addCleanup(self.delegate, "acme IN NS ns1.acme", f"ns1.acme IN A {OURS}")
        self.delegate("acme IN NS ns9.acme", f"ns9.acme IN A {OURS}")
        status, said = self.check()
        self.assertEqual(status, 1, said)
        self.assertIn(f"WRONG", said)
        self.assertIn("acme-zone records", said)

    def test_records_are_what_the_zone_above_takes(self):
        said = self.server.run("acme-zone", "records", "--config", self.server.config).stdout
        records = [line for line in said.splitlines() if not line.startswith(";")]
        self.assertEqual([line.split() for line in records],
                         [[f"{ZONE}.", "3600", "IN", "NS", f"ns1.{ZONE}."], [f"ns1.{ZONE}.", "3600", "IN", "A", OURS]])
        self.addCleanup(self.delegate, "acme IN NS ns1.acme", f"ns1.acme IN A {OURS}")
        self.delegate(*records)
        self.assertEqual(self.check()[0], 0)

    def test_metrics_count_questions(self):
        from harness.signpost import call
        self.dig(f"abc.{ZONE}", "TXT")
        body = call(self.server.operation, "GET", "/metrics").body.decode()
        self.assertRegex(body, r'signpost_acme_zone_questions_total\{how="answered_udp"\} [1-9]')
        self.assertRegex(body, r"signpost_acme_zone_labels [1-9]")


class Stopped(World):
    def test_check_says_that_nobody_answers(self):
        self.delegate("acme IN NS ns1.acme", f"ns1.acme IN A {OURS}")
        server = Signpost(self.directory.name + "/signpost", config=self.dns_settings(
            f'acme_zone = "{ZONE}"\nacme_zone_name_servers = ["ns1.{ZONE} {OURS}"]\nacme_zone_listen = ["{OURS}:{self.port}"]'))
        server.start()
        server.stop()
        done = server.run("acme-zone", "check", "--config", server.config, "--data", server.data, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("nobody listens there", re.sub(r"\s+", " ", done.stdout))
        self.assertIn("The zone is not ready yet.", done.stdout)

    def test_a_port_that_is_taken_is_said_with_the_way_out(self):
        config = pathlib.Path(self.directory.name) / "taken.toml"
        config.write_text(self.dns_settings(f'acme_zone = "{ZONE}"\nacme_zone_name_servers = ["ns1.{ZONE} {OURS}"]\nacme_zone_listen = ["{self.world.KNOT}:{self.port}"]')
                          + f'[api]\nlisten = "127.0.0.1:{free_port()}"\n[operation]\nlisten = "127.0.0.1:{free_port()}"\n')
        server = Signpost(self.directory.name + "/other")
        done = server.run("serve", "--config", config, "--data", self.directory.name + "/taken", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("dns.acme_zone_listen", done.stderr)


class Written(World):
    """The zone of another server, written by RFC 2136."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bind = Bind(cls.directory.name + "/bind", BIND, cls.port, "acmeb.saas.example", ("signpost", "hmac-sha256", SECRET))
        cls.knot = Knot(cls.directory.name + "/updated-knot", UPDATED_KNOT, cls.port, "acmek.saas.example", ("signpost", "hmac-sha512", SECRET))
        for server in (cls.bind, cls.knot):
            cls.addClassCleanup(server.stop)
            server.start()
        cls.delegate("acmeb IN NS ns1.acmeb", f"ns1.acmeb IN A {BIND}", "acmek IN NS ns1.acmek", f"ns1.acmek IN A {UPDATED_KNOT}")
        cls.signpost = Signpost(cls.directory.name + "/signpost")

    def check(self, server, **changes):
        name, algorithm, secret = server.key
        settings = {"zone": server.zone, "at": f"{server.address}:{server.port}", "name": name, "algorithm": algorithm, "secret": secret, "mode": 0o600, **changes}
        directory = pathlib.Path(self.directory.name)
        key = directory / "key"
        key.write_text(settings["secret"] + "\n")
        key.chmod(settings["mode"])
        signed = f'acme_zone_key_name = "{settings["name"]}"\nacme_zone_key_algorithm = "{settings["algorithm"]}"\nacme_zone_key_file = "{key}"\n' if settings["name"] else ""
        config = directory / "written.toml"
        config.write_text(self.dns_settings(f'acme_zone = "{settings["zone"]}"\nacme_zone_server = "{settings["at"]}"\n{signed}'
                                            f'acme_zone_name_servers = ["ns1.{server.zone} {server.address}"]'))
        done = self.signpost.run("acme-zone", "check", "--config", config, check=False)
        return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)

    def test_both_take_updates_and_give_them_back(self):
        for server in (self.bind, self.knot):
            with self.subTest(server.__class__.__name__):
                status, said = self.check(server)
                self.assertEqual(status, 0, said)
                self.assertIn(f"{server.address}:{server.port} takes updates of the zone", said)
                self.assertIn("answers with the text that was published", said)
                self.assertIn("The zone is ready.", said)
                self.assertNotIn("check-", tool("dig", f"@{server.address}", "-p", server.port, server.zone, "AXFR"))
                log = server.process.output()
                self.assertGreaterEqual(len(re.findall(r"adding an RR|DDNS, finished|DDNS, processing", log)), 2, log[-2000:])

    def test_an_unknown_key_is_said(self):
        for server in (self.bind, self.knot):
            with self.subTest(server.__class__.__name__):
                status, said = self.check(server, name="other")
                self.assertEqual(status, 1)
                self.assertIn("BADKEY", said)
                self.assertIn("dns.acme_zone_key_name", said)

    def test_another_secret_is_said_and_never_shown(self):
        other = "YW5vdGhlciBzZWNyZXQgb2YgdGhpcnR5LXR3byBvY3RldHM="
        for server in (self.bind, self.knot):
            with self.subTest(server.__class__.__name__):
                status, said = self.check(server, secret=other)
                self.assertEqual(status, 1)
                self.assertIn("BADSIG", said)
                self.assertNotIn(other, said)

    def test_an_update_without_a_signature_is_refused_with_the_way_out(self):
        for server in (self.bind, self.knot):
            with self.subTest(server.__class__.__name__):
                status, said = self.check(server, name="")
                self.assertEqual(status, 1)
                self.assertRegex(said, r"REFUSED|NOTAUTH")
                self.assertIn("acl with action update" if "REFUSED" in said else "dns.acme_zone", said)

    def test_a_zone_that_the_server_does_not_have_is_said(self):
        for server in (self.bind, self.knot):
            with self.subTest(server.__class__.__name__):
                status, said = self.check(server, zone="below." + server.zone)
                self.assertEqual(status, 1)
                self.assertRegex(said, r"NOTAUTH|REFUSED")

    def test_a_server_that_is_not_there_is_said(self):
        status, said = self.check(self.bind, at=f"127.0.0.1:{free_port()}")
        self.assertEqual(status, 1)
        self.assertIn("is it running", said)

    def between(self, server, **what):
        between = Between(server, **what)
        self.addCleanup(between.stop)
        return between

    def test_an_answer_that_was_changed_on_the_way_is_not_believed(self):
        for server in (self.bind, self.knot):
            with self.subTest(server.__class__.__name__):
                # One bit of the message's own time, which only the signature covers.
                between = self.between(server, by_udp=lambda octets: octets[:-20] + bytes([octets[-20] ^ 1]) + octets[-19:])
                status, said = self.check(server, at=f"127.0.0.1:{between.port}")
                self.assertEqual(status, 1, said)
                self.assertIn("without the right signature", said)

    def test_an_answer_without_its_signature_is_not_believed(self):
        between = self.between(self.knot, by_udp=lambda octets: octets[:2] + b"\xa8\0" + bytes(8))
        status, said = self.check(self.knot, at=f"127.0.0.1:{between.port}")
        self.assertEqual(status, 1, said)
        self.assertIn("without the right signature", said)

    def test_goes_by_tcp_where_udp_is_lost_or_too_short(self):
        truncated = lambda octets: octets[:2] + bytes([octets[2] | 2, octets[3]]) + bytes(8)
        for by_udp in (lambda octets: None, truncated):
            for server in (self.bind, self.knot):
                with self.subTest(server.__class__.__name__):
                    between = self.between(server, by_udp=by_udp)
                    status, said = self.check(server, at=f"127.0.0.1:{between.port}")
                    self.assertEqual(status, 0, said)
                    self.assertEqual(between.seen_tcp, 4, "two texts, there and back")

    def test_a_key_file_that_others_may_read_is_refused(self):
        status, said = self.check(self.bind, mode=0o644)
        self.assertEqual(status, 1)
        self.assertIn("chmod 600", said)


if __name__ == "__main__":
    unittest.main()
