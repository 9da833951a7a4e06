# SPDX-License-Identifier: Apache-2.0
"""URLs and names that want to lead webhooks where they must not go: the cases of server-side request forgery, one row each, on the real binary.

All of it happens in a network namespace of its own, whose loopback has "public" and private addresses and whose name server follows a script
(tests/hostile/names.py): nothing ever leaves the machine.
"""

import concurrent.futures
import contextlib
import fcntl
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from harness import dns_zones
from harness.process import Failed, wait_until
from harness.signpost import Signpost

RECORD = {"type": "CNAME", "host": "www", "value": "app.saas.example"}
TYPE = "domain.flow.completed"
# Public for the policy, and ours alone in here; beside TEST-NET-1, so that nobody mistakes them.
PUBLIC, PUBLIC_2, PUBLIC_DEAF, PUBLIC_6 = "192.0.3.10", "192.0.3.20", "192.0.3.30", "2001:200::10"
PRIVATE, PRIVATE_6, METADATA = "10.0.0.1", "fd00::1", "169.254.169.254"
NAT64 = "64:ff9b::192.0.3.10"
NOWHERE_6 = "2001:200:dead::1"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FAILS = b"HTTP/1.1 500 S\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret"


def add_address(address, number):
    """netdevice(7), SIOCSIFADDR: an alias of the loopback interface."""
    if ":" in address:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, 0x8916, struct.pack("16sIi", socket.inet_pton(socket.AF_INET6, address), 128, socket.if_nametoindex("lo")))
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name = f"lo:h{number}".encode()
        for request, value in ((0x8916, address), (0x891C, "255.255.255.255")):  # and SIOCSIFNETMASK
            fcntl.ioctl(any_socket, request, struct.pack("16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(value)))


def bound(family, address):
    with contextlib.suppress(OSError):
        return socket.create_server((address, 80), family=family, backlog=64)
    return None


class Door:
    """An HTTP server on port 80 of one address that counts who comes; /fails is answered with 500, all else with 200."""

    def __init__(self, address):
        self.connections, self.requests = 0, []
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        # The kernel takes a moment until a new IPv6 address is no longer tentative.
        self.socket = wait_until(lambda: bound(family, address), f"port 80 of {address}")
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            connection.settimeout(60)
            data = b""
            while True:
                try:
                    piece = connection.recv(65536)
                except OSError:
                    return
                if not piece:
                    return
                data += piece
                head, end, body = data.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", head)
                if not end or len(body) < int(length.group(1)):
                    continue
                data = b""
                self.requests.append(head.decode("latin-1"))
                connection.sendall(FAILS if head.startswith(b"POST /fails") else OK)


class Case:
    """What the n-th attempts of one endpoint must say: (result, words) each; a new event for each further one with `events`."""

    def __init__(self, url, script, *expected, events=False, seconds_max=6.0):
        self.url, self.script, self.expected, self.events, self.seconds_max = url, script, expected, events, seconds_max


def refused(words):
    return ("refused_address", words)


def failed(result, words):
    return (result, words)


DELIVERED = ("delivered", "answered 200")


def a(*values, **more):
    return {"A": [list(values)], **more}


def host(name, script, *expected, **how):
    return Case(f"http://{name}/", {name: script}, *expected, **how)


# The numbers are those of the case list in tests/hostile/README.md.
CASES = {
    # 5: names
    "localhost": Case("http://localhost/", {}, refused("loopback")),
    "localhost_upper": Case("http://LOCALHOST/", {}, refused("loopback")),
    "localhost_below": Case("http://hooks.localhost/", {"hooks.localhost": a(PUBLIC)}, refused("loopback")),
    "localhost_dot": Case("http://localhost./", {}, refused("loopback")),
    "metadata_name": host("metadata.google.internal", a(METADATA), refused("metadata")),
    "metadata_bare": host("metadata", a(METADATA), refused("metadata")),
    "metadata_alias": Case("http://meta.shop.example/", {"meta.shop.example": {"CNAME": [["metadata.google.internal."]]}, "metadata.google.internal": a(METADATA)}, refused("metadata")),
    "wildcard_dns": host("10-0-0-1.nip.example", a(PRIVATE), refused("private use")),
    "alias_to_private": Case("http://alias.shop.example/", {"alias.shop.example": {"CNAME": [["middle.shop.example."]]}, "middle.shop.example": {"CNAME": [["end.shop.example."]]},
                                                           "end.shop.example": a(PRIVATE)}, refused("private use")),
    "alias_to_localhost": Case("http://tolocal.shop.example/", {"tolocal.shop.example": {"CNAME": [["there.shop.example."]]}, "there.shop.example": a("127.0.0.1")}, refused("loopback")),
    "public_and_private_6": host("mixed6.shop.example", a(PUBLIC, AAAA=[[PRIVATE_6]]), refused(f"the IPv6 address {PRIVATE_6} of mixed6.shop.example")),
    "public_6_and_private": host("mixed4.shop.example", a(PRIVATE, AAAA=[[PUBLIC_6]]), refused(f"the IPv4 address {PRIVATE} of mixed4.shop.example")),
    "fifty_with_one_private": host("fifty.shop.example", a(*[f"192.0.3.{n}" for n in range(100, 149)], PRIVATE), refused(f"the IPv4 address {PRIVATE}")),
    "hundred_with_one_private": host("hundred.shop.example", a(*[f"192.0.3.{n}" for n in range(100, 199)], PRIVATE), failed("dns", "has more than 64 addresses")),
    "search_domain_bare": Case("http://intranet/", {"intranet.corp.example": a(PRIVATE)}, failed("dns", "could not be resolved")),
    "search_domain_dotted": Case("http://db.prod/", {"db.prod.corp.example": a(PRIVATE)}, failed("dns", "could not be resolved")),
    "zero": host("zero.shop.example", a("0.0.0.0"), refused("this network")),
    "broadcast": host("all.shop.example", a("255.255.255.255"), refused("broadcast")),
    "mapped": host("mapped.shop.example", {"AAAA": [[f"::ffff:{PRIVATE}"]]}, refused("IPv4-mapped form of 10.0.0.1|private use")),
    "link_local_6": host("link.shop.example", {"AAAA": [["fe80::1"]]}, refused("link-local")),
    "our_own_admin": Case(f"http://admin.shop.example:@operation@/metrics", {"admin.shop.example": a(PUBLIC_2)}, failed("http_status", "508")),
    "our_own_api": Case("http://own.shop.example:@api@/v1/keys", {"own.shop.example": a(PUBLIC_2)}, failed("http_status", "508")),
    # 6: names that change
    "rebinding_between_attempts": Case("http://later.shop.example/fails", {"later.shop.example": {"A": [[PUBLIC], [PRIVATE]]}}, failed("http_status", "answered 500"), refused("private use"), seconds_max=14),
    "rebinding_at_once": host("flips.shop.example", {"A": [[PUBLIC], [PRIVATE]]}, DELIVERED),
    "rebinding_back": host("flops.shop.example", {"A": [[PRIVATE], [PUBLIC]]}, refused("private use")),
    "rebinding_while_pooled": host("pooled.shop.example", {"A": [[PUBLIC], [PRIVATE]]}, DELIVERED, DELIVERED, events=True),
    # 12: IPv6-only hosts behind NAT64
    "nat64_public": host("six.shop.example", {"AAAA": [[NAT64]]}, DELIVERED),
    "nat64_private": host("sixprivate.shop.example", {"AAAA": [["64:ff9b::10.0.0.1"]]}, refused("NAT64 form of 10.0.0.1")),
    "nat64_local_use": host("sixlocal.shop.example", {"AAAA": [["64:ff9b:1::192.0.3.10"]]}, refused("local-use NAT64")),
    # what must still work
    "public": host("good.shop.example", a(PUBLIC), DELIVERED),
    "public_6": host("good6.shop.example", {"AAAA": [[PUBLIC_6]]}, DELIVERED),
    "public_behind_alias": Case("http://www.shop.example/", {"www.shop.example": {"CNAME": [["good2.shop.example."]]}, "good2.shop.example": a(PUBLIC)}, DELIVERED),
    "first_address_deaf": host("two.shop.example", a(PUBLIC_DEAF, PUBLIC), DELIVERED, seconds_max=3),
    "unreachable_6": host("half.shop.example", a(PUBLIC, AAAA=[[NOWHERE_6]]), DELIVERED),
    # names that say nothing
    "no_such_name": Case("http://nobody.shop.example/", {}, failed("dns", "could not be resolved")),
    "no_address": host("empty.shop.example", {"TXT": [['"x"']]}, failed("dns", "could not be resolved")),
    "servers_fail": host("broken.shop.example", a() | {"A": ["servfail"], "AAAA": ["servfail"]}, failed("dns", "could not be resolved")),
    **{f"silent_{n}": host(f"silent{n}.shop.example", {"A": ["silent"], "AAAA": ["silent"]}, failed("dns", "could not be resolved: Temporary failure")) for n in range(12)},
}
# 10: nobody learns from us what a private address does; these differ in nothing but the name.
ORACLE = {"open": PRIVATE, "closed": "10.0.0.2", "absent": "10.99.99.99"}
CASES |= {f"oracle_{name}": host(f"{name}.oracle.example", a(address), refused("private use")) for name, address in ORACLE.items()}

# 9: what an HTTP request could be taken for commands by, and all else that is not the web's.
PORTS = [1, 7, 19, 21, 22, 23, 25, 53, 79, 81, 110, 111, 135, 139, 143, 389, 442, 444, 445, 465, 514, 587, 636, 873, 993, 995, 1433, 1521, 2049, 2181, 2375, 3306, 3389, 4222, 5432,
         5672, 5984, 6379, 6443, 8080, 8443, 9000, 9092, 9200, 10250, 11211, 27017, 65535]

# 4: refused at the door, or when it is sent: never taken for what they look like.
SPELLINGS = [
    "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0X7F.1/", "http://0177.0.0.1/", "http://017700000001/", "http://127.0.0.1./", "http://127.0.0.01/",
    "http://[::ffff:7f00:1]/", "http://[::ffff:127.0.0.1]/", "http://[::127.0.0.1]/", "http://[::ffff:0:7f00:1]/", "http://[0:0:0:0:0:0:0:1]/", "http://127%2e0%2e0%2e1/",
    "http://%31%32%37.0.0.1/", "http://%6c%6fcalhost/", "http://１２７.0.0.1/", "http://127。0。0。1/", "http://ⓛocalhost/", "http://LOCALHOST./", "http://[fe80::1%25lo]/",
    "http://[fe80::1%lo]/", "https://good.shop.example@127.0.0.1/", "https://good.shop.example:80@127.0.0.1/", "https://[::1]:9876", "http://good.shop.example\\@127.0.0.1/",
    "http:\\\\127.0.0.1/", "http://127.0.0.1\\.good.shop.example/", "http://127.0.0.1\t/", "http://local\thost/", "http://127.0.0.1\n/", "http://good.shop.example\r\nHost: 127.0.0.1/",
    "http:///hook", "http://", "http://:80/", "http://good.shop.example:0/", "http://good.shop.example:99999/", "http://good.shop.example:-1/", "http://good.shop.example:８０/", "http://[::]/",
    "http://0/", "http://0.0.0.0/", "http://1/", "http://169.254.169.254/", "http://[fd00:ec2::254]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL", "dict://127.0.0.1:11211/", "ftp://127.0.0.1/", "http:127.0.0.1/", "//127.0.0.1/", "http://127.0.0.1#@good.shop.example/",
    "http://good.shop.example#@127.0.0.1/", "http://10.0.0.1/", "http://192.168.0.1/", "http://172.16.0.1/", "http://100.64.0.1/", "http://198.18.0.1/", "http://224.0.0.1/",
    "http://240.0.0.1/", "http://192.0.0.1/", "http://192.88.99.1/", "http://[ff02::1]/", "http://[fec0::1]/", "http://[100::1]/", "http://[2001:db8::1]/", "http://[2001::1]/",
    "http://[5f00::1]/", "http://[3fff::1]/", "http://[2600::5efe:127.0.0.1]/", " http://127.0.0.1/", "http://127.0.0.1 /", "http://127.0.0.1\0.good.shop.example/",
    "http://127.0.0.1%00.good.shop.example/", "http://①②⑦.⓪.⓪.①/", "http://①⑥⑨。②⑤④。①⑥⑨。②⑤④/", "http://loc\u00adalhost/", "http://local\u200bhost/", "http://127.0.0.1\u00ad/",
    "http://ｌｏｃａｌｈｏｓｔ/", "http://０x7f.1/", "http://0x7f.0x0.0x0.0x1/", "http://0300.0250.0.1/", "http://3232235521/", "http://00000000000000000000177.1/",
    "http://[0:0:0:0:0:ffff:10.0.0.1]/", "http://[::ffff:a00:1]/", "http://[::ffff:10.0.0.1%25lo]/", "http://[::1].good.shop.example/", "http://[::1", "http://::1/",
    "http://127.0.0.1:80:80/", "http://127.0.0.1:80@good.shop.example/", "http://127.0.0.1;good.shop.example/", "http://127.0.0.1,good.shop.example/", "http://good.shop.example&@127.0.0.1/",
    "jar:http://127.0.0.1!/", "https:/127.0.0.1/", "http:/\\127.0.0.1/", "http://127.0.0.1\u2044/", "http://127.0.0.1\uff0fgood.shop.example/", "javascript:alert(1)", "data:,x", "http://127.0.0.1\u3002/"]


class Play:
    def __init__(self, server, name, url):
        self.server, self.name, self.deliveries = server, name, []
        self.application = server.create_application(name=name)["id"]
        answer = server.v1("POST", f"/applications/{self.application}/endpoints", {"url": url, "event_types": [TYPE]})
        self.refusal = answer.json if answer.status == 422 else None
        if answer.status not in (201, 422):
            raise Failed(f"{url}: {answer}")

    def happen(self):
        made = self.server.connect(self.application, f"n{len(self.deliveries)}.{self.name.replace('_', '-')}.example", [RECORD])
        self.at = time.monotonic()
        self.server.v1("POST", f"/connections/{made['id']}/flow", {"setup_type": "manual"})
        self.deliveries.append(self.server.v1("GET", f"/deliveries?application={self.application}&connection={made['id']}").json["data"][0]["id"])

    def attempts(self, number=0):
        attempts = self.server.v1("GET", f"/deliveries/{self.deliveries[number]}?application={self.application}").json["attempts"]
        return [attempt for attempt in attempts if attempt["result"] != "open"]


class HostileNames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="signpost-hostile-names-")
        cls.addClassCleanup(cls.directory.cleanup)
        resolv = pathlib.Path(cls.directory.name) / "resolv.conf"
        resolv.write_text("nameserver 127.0.0.1\nsearch corp.example\noptions ndots:5 timeout:5 attempts:2\n")
        subprocess.run(["mount", "--bind", resolv, os.path.realpath("/etc/resolv.conf")], check=True)
        for number, address in enumerate((PUBLIC, PUBLIC_2, PUBLIC_DEAF, PUBLIC_6, PRIVATE, PRIVATE_6, METADATA, NAT64)):
            add_address(address, number)
        from hostile.names import Names  # needs dnspython, which the first look at this file need not have
        cls.names = Names({name: types for case in CASES.values() for name, types in case.script.items()})
        cls.addClassCleanup(cls.names.stop)
        cls.doors = {address: Door(address) for address in (PUBLIC, PUBLIC_6, NAT64, PRIVATE, PRIVATE_6, METADATA, "127.0.0.1", "::1")}
        cls.deaf = cls.make_deaf()
        cls.server = Signpost(cls.directory.name + "/signpost", config=(
            # Beside 80 and 443 only our own, whatever ports those have. Looks at connections ask nobody: their questions, some hundred
            # at once, would fill the receive buffer of the script's name server, and a lost question is asked again after 2 s.
            '[webhooks]\nallowed_ports = ["@own@"]\n[dns]\nresolvers = ["127.0.0.1:54"]\nlook_budget = "100ms"\nserver_budget = "100ms"\n[api]\nrequests_per_key = 0\nrequests_per_address = 0\n'))
        # As an operator who has opened it to the world by mistake.
        cls.server.config.write_text(cls.server.config.read_text().replace("127.0.0.1:" + cls.server.api.split(":")[1], PUBLIC_2 + ":" + cls.server.api.split(":")[1])
                                     .replace("127.0.0.1:" + cls.server.operation.split(":")[1], PUBLIC_2 + ":" + cls.server.operation.split(":")[1]))
        own = '", "'.join(listen.split(":")[1] for listen in (cls.server.api, cls.server.operation))
        cls.server.config.write_text(cls.server.config.read_text().replace("@own@", own))
        cls.server.api, cls.server.operation = (f"{PUBLIC_2}:{listen.split(':')[1]}" for listen in (cls.server.api, cls.server.operation))
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        cls.play_all()

    @classmethod
    def make_deaf(cls):
        """A full queue of connections: the kernel drops every further SYN."""
        deaf = socket.socket()
        deaf.bind((PUBLIC_DEAF, 80))
        deaf.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex((PUBLIC_DEAF, 80))
        return [deaf, *fillers]

    @classmethod
    def url_of(cls, case):
        return case.url.replace("@operation@", cls.server.operation.split(":")[1]).replace("@api@", cls.server.api.split(":")[1])

    @classmethod
    def play_all(cls):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            cls.plays = dict(zip(CASES, pool.map(lambda name: Play(cls.server, name, cls.url_of(CASES[name])), CASES)))
            cls.spelled = list(pool.map(lambda n: Play(cls.server, f"spelled-{n}", SPELLINGS[n]), range(len(SPELLINGS))))
            # The silent ones first: they must not hold up what comes after them.
            order = sorted(CASES, key=lambda name: not name.startswith("silent"))
            for name in order:
                if not cls.plays[name].refusal:
                    cls.plays[name].happen()
            list(pool.map(lambda play: play.refusal or play.happen(), cls.spelled))
        for name, case in CASES.items():
            if case.events and not cls.plays[name].refusal:
                for number in range(1, len(case.expected)):
                    wait_until(lambda: cls.plays[name].attempts(number - 1), f"attempt {number} of {name}", 20)
                    cls.plays[name].happen()
        cls.seen = {}

    def check(self, name):
        case, play = CASES[name], self.plays[name]
        if play.refusal:
            self.assertEqual(case.expected[0][0], "refused_address", f"{name}: refused at the door: {play.refusal}")
            return
        for number, (result, words) in enumerate(case.expected):
            which, at = (number, 0) if case.events else (0, number)
            attempts = wait_until(lambda which=which, at=at: (lambda found: found if len(found) > at else None)(play.attempts(which)), f"attempt {number + 1} of {name}", 25)
            attempt = attempts[at]
            self.assertEqual(attempt["result"], result, f"{name}: {attempt}")
            self.assertRegex(attempt["detail"], words, f"{name}: {attempt}")
            if result == "refused_address":
                self.assertEqual((attempt["response_body"], attempt["status"], attempt["remote_address"]), ("", None, ""), name)
            self.assertLess(attempt["timing_ms"]["total"] / 1000, case.seconds_max, name)

    def test_no_spelling_is_taken_for_what_it_looks_like(self):
        for url, play in zip(SPELLINGS, self.spelled):
            with self.subTest(url):
                if play.refusal:
                    self.assertIn("url", play.refusal["member"])
                    self.assertTrue(play.refusal["detail"])
                    continue
                attempt = wait_until(play.attempts, f"an attempt at {url}", 25)[0]
                self.assertEqual(attempt["result"], "refused_address", f"{url}: {attempt}")

    def test_other_protocols_ports_are_refused_at_the_door(self):
        application = self.server.create_application(name="ports")["id"]
        own = {int(listen.split(":")[1]) for listen in (self.server.api, self.server.operation)}
        for port in set(PORTS) - own:
            for scheme in ("http", "https"):
                answer = self.server.v1("POST", f"/applications/{application}/endpoints", {"url": f"{scheme}://good.shop.example:{port}/"})
                self.assertEqual((answer.status, answer.json.get("member")), (422, "url"), answer)
                self.assertIn(f"port {port} is not allowed", answer.json["detail"])
        for url in ("http://good.shop.example/", "https://good.shop.example:443/", "https://good.shop.example:80/"):
            self.assertEqual(self.server.v1("POST", f"/applications/{application}/endpoints", {"url": url}).status, 201, url)

    def test_nothing_says_what_a_private_address_does(self):
        said = set()
        for name, address in ORACLE.items():
            attempt = wait_until(self.plays[f"oracle_{name}"].attempts, "the attempt", 25)[0]
            said.add(json.dumps({member: str(attempt[member]).replace(address, "ADDRESS").replace(name, "NAME") for member in ("result", "status", "detail", "response_body", "remote_address")}))
        self.assertEqual(len(said), 1, said)

    def test_silent_names_hold_up_no_other(self):
        attempt = wait_until(self.plays["public"].attempts, "the attempt", 25)[0]
        self.assertLess(attempt["timing_ms"]["dns"], 2000, attempt)

    def test_zz_nothing_private_was_ever_reached(self):
        for address in (PRIVATE, PRIVATE_6, METADATA, "127.0.0.1", "::1"):
            self.assertEqual((address, self.doors[address].connections), (address, 0))
        self.assertEqual([name for name, _ in self.names.asked if name.endswith("corp.example")], [])
        self.assertEqual([name for name, _ in self.names.asked if name.endswith("localhost")], [])

    def test_zz_what_is_public_was_reached(self):
        self.assertGreater(self.doors[PUBLIC].connections, 0)
        self.assertEqual(self.doors[NAT64].connections, 1)
        self.assertEqual(self.doors[PUBLIC_6].connections, 1)
        for head in self.doors[PUBLIC].requests:
            self.assertIn("\r\nCDN-Loop: signpost", head)


def make_tests():
    for name in CASES:
        setattr(HostileNames, f"test_{name}", lambda self, name=name: self.check(name))


make_tests()

if __name__ == "__main__":
    dns_zones.enter_private_network(also=("-m",))
    unittest.main()
