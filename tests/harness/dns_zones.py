# SPDX-License-Identifier: Apache-2.0
"""A small Internet's worth of DNS, for the zones of tests/zones: a signed root, registries, real and odd servers, a validating Unbound.

Everything listens on port 53 of loopback addresses inside a network namespace of its own (enter_private_network), so that root hints,
referrals, glue and DNSSEC work as they do outside, and nothing ever leaves the machine. Owned by the test; World.stop ends what it started.

    127.0.0.1    Unbound, validates against our own root key
    127.0.1.1    the root (Knot)              127.0.1.2    all registries: example., com., … (NSD)
    127.1.1.N    Knot      127.1.2.N    NSD      127.1.3.N    BIND      127.1.4.N    PowerDNS
    127.2.0.N    odd servers (odd_server.py)     127.3.0.1    nobody
"""

import concurrent.futures
import fcntl
import ipaddress
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tomllib

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

from .dns_servers import program
from .process import Failed, Process, wait_until

RESOLVER, ROOT, REGISTRY, NOBODY = "127.0.0.1", "127.0.1.1", "127.0.1.2", "127.3.0.1"
REAL = {"knot": "127.1.1", "nsd": "127.1.2", "bind": "127.1.3", "powerdns": "127.1.4"}
ADDRESSES_EACH = 4  # knot, knot:2, … knot:4 are one server with four addresses
SERVERS_ZONE = "dns.example"  # the hosting company's own zone: knot.dns.example, nsd-2.dns.example, odd-<story>.dns.example
SUFFIXES = ("co.uk",)  # registries below a registry
INSIDE = "SIGNPOST_PRIVATE_NETWORK"
SKIPPED = 77  # what ctest takes for "skipped"


def enter_private_network(also=()):
    """Starts this program again inside its own network namespace, with loopback up; returns only there. `also`: further flags of unshare(1)."""
    if os.environ.get(INSIDE) != "yes":
        # Root needs no user namespace; everybody else becomes root of one, which is what it takes to listen on port 53.
        choices = [["-n"], ["-rn"]] if os.geteuid() == 0 else [["-rn"]]
        flags = next((f for f in choices if subprocess.run([program("unshare"), *f, *also, "true"], capture_output=True, check=False).returncode == 0), None)
        if flags is None:
            print("skipped: this machine lets nobody make a network namespace (unshare -n, unshare -rn), and the zones need port 53")
            sys.exit(SKIPPED)
        os.environ[INSIDE] = "yes"
        os.execv(program("unshare"), ["unshare", *flags, *also, sys.executable, *sys.argv])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        # SIOCGIFFLAGS, then SIOCSIFFLAGS with IFF_UP (netdevice(7)).
        name, flags = struct.unpack("16sh", fcntl.ioctl(any_socket, 0x8913, struct.pack("16sh", b"lo", 0)))
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", name, flags | 1))
        # BIND listens only on addresses that an interface has by name; the others take any of 127.0.0.0/8. SIOCSIFADDR of an alias.
        for number in range(1, ADDRESSES_EACH + 1):
            address = socket.inet_aton(f"{REAL['bind']}.{number}")
            fcntl.ioctl(any_socket, 0x8916, struct.pack("16sHH4s8x", f"lo:{number}".encode(), socket.AF_INET, 0, address))


# --- what a file says -----------------------------------------------------------------------------------------------------------------

class NameServer:
    """One name server of a delegation: "knot", "nsd:2", an odd server's id, "nobody", or "NAME=WHAT[,WHAT]" with addresses or "none"."""

    def __init__(self, text, odd):
        name, _, what = text.rpartition("=")
        self.hosts, self.addresses = [], []
        for word in what.split(","):
            make, _, number = word.partition(":")
            if make in REAL:
                self.hosts.append(make)
                self.addresses.append(f"{REAL[make]}.{number or 1}")
                own = f"{make}-{number}" if number else make
            elif word in odd:
                self.hosts.append(odd[word].address)
                self.addresses.append(odd[word].address)
                own = odd[word].label
            elif word == "nobody":
                self.addresses.append(NOBODY)
                own = word
            elif word != "none":
                self.addresses.append(str(ipaddress.ip_address(word)))
        self.name = name or f"{own}.{SERVERS_ZONE}"

    def address_records(self):
        return [f"{self.name}. IN {'AAAA' if ':' in a else 'A'} {a}" for a in self.addresses]


class Odd:
    def __init__(self, members, stem, number):
        self.id, self.behaviour = members["id"], members["behaviour"]
        self.address = f"127.2.{number // 250}.{number % 250 + 1}"
        self.label = f"{self.id}-{stem}".replace("_", "-")
        self.zones = {}


class Zone:
    """One zone as some servers have it. Two [[zone]]s of one origin are two versions of it."""

    KEYS = {"origin", "servers", "records", "before", "serial", "ttl", "parent", "own", "signed", "ds", "altered"}

    def __init__(self, members, odd):
        unknown = members.keys() - self.KEYS
        if unknown:
            raise Failed(f"a [[zone]] has no member {', '.join(sorted(unknown))}")
        self.origin = members["origin"].rstrip(".").lower()
        self.servers = [NameServer(text, odd) for text in members["servers"]]
        self.parent = [NameServer(text, odd) for text in members["parent"]] if "parent" in members else None
        self.own = [NameServer(text, odd) for text in members["own"]] if "own" in members else None
        self.records, self.before = members.get("records", ""), members.get("before")
        self.serial, self.ttl = members.get("serial", 2), members.get("ttl", 300)
        self.signed, self.altered = members.get("signed"), members.get("altered", [])
        self.ds = members.get("ds", "right" if self.signed else "none")

    def text(self, name_servers, records, serial):
        lines = [f"$ORIGIN {self.origin}.", f"$TTL {self.ttl}",
                 f"@ IN SOA {name_servers[0].name}. hostmaster.{self.origin}. {serial} 3600 600 604800 {self.ttl}"]
        for server in name_servers:
            lines.append(f"@ IN NS {server.name}.")
            if server.name.endswith("." + self.origin):
                lines += server.address_records()
        return "\n".join(dict.fromkeys(lines)) + "\n" + records + "\n"


class Story:
    """One file of tests/zones."""

    KEYS = {"story", "source", "look", "zone", "odd", "registry", "expect", "witness"}

    def __init__(self, path, odd_number):
        self.path = pathlib.Path(path)
        self.stem = self.path.stem
        try:
            self.members = tomllib.loads(self.path.read_text(encoding="utf-8"))
            unknown = self.members.keys() - self.KEYS
            if unknown:
                raise Failed(f"unknown members {', '.join(sorted(unknown))}")
            self.odd = {o["id"]: Odd(o, self.stem, odd_number + n) for n, o in enumerate(self.members.get("odd", []))}
            self.zones = [Zone(z, self.odd) for z in self.members.get("zone", [])]
        except (tomllib.TOMLDecodeError, KeyError, ValueError, Failed) as problem:
            raise Failed(f"{self.path}: {problem}") from problem
        self.look, self.expect = self.members.get("look"), self.members.get("expect", {})
        self.witness = self.members.get("witness", [])
        self.registry = self.members.get("registry", [])

    def command_line(self):
        """The look, as arguments of `signpost dns observe`."""
        look = self.look
        value = f"{look['priority']} {look['value']}" if "priority" in look else look.get("value")
        words = [look["name"], look["type"], *([value] if value is not None else []), "--allow", "127.0.0.0/8", "--json"]
        for resolver in look.get("resolvers", ["resolver"]):
            words += ["--resolver", f"{self.address_of(resolver)}:53"]
        for authority in look.get("ca", []):
            words += ["--ca", authority]
        return words

    def address_of(self, who):
        if who == "resolver":
            return RESOLVER
        return self.odd[who].address if who in self.odd else NameServer(who, {}).addresses[0]


def load(directory, only=None):
    """The stories of a directory; `only`: of those with the text in their name, and the shared zones, which have no look."""
    stories = []
    for path in sorted(pathlib.Path(directory).glob("*.toml")):
        story = Story(path, sum(len(s.odd) for s in stories))
        if only is None or only in story.stem or not story.look:
            stories.append(story)
    return stories


# --- asking, without the program under test -------------------------------------------------------------------------------------------

def ask(address, name, kind, seconds=2.0, tries=2, flags=dns.flags.RD, edns=True):
    """The answer as one line of text: "NOERROR aa www.shop.example. 300 IN A 192.0.2.1 | …", "silence", or what else went wrong."""
    query = dns.message.make_query(name, kind, flags=flags, use_edns=0 if edns else False, payload=1232)
    for _ in range(tries):
        try:
            reply, _ = dns.query.udp_with_fallback(query, address, timeout=seconds, ignore_unexpected=True)
            break
        except dns.exception.Timeout:
            reply = None
        except (OSError, EOFError) as problem:
            return f"no connection: {problem}"
        except dns.exception.DNSException as problem:
            return f"malformed: {type(problem).__name__}"
    if reply is None:
        return "silence" if is_anybody_there(address, query) else "no connection"
    words = [dns.rcode.to_text(reply.rcode()), dns.flags.to_text(reply.flags).lower().replace("qr", "").strip()]
    # One RRSIG a set is enough to know that it is signed; the rest would hide the answer.
    lines = [line for rrset in reply.answer for line in rrset.to_text().split("\n") if " RRSIG " not in line]
    refers = [f"authority: {line}" for rrset in reply.authority for line in rrset.to_text().split("\n") if " NS " in line]
    return f"{' '.join(words)} {' | '.join(lines + refers)}"


def is_anybody_there(address, query):
    """False if the host says that nobody listens; only a connected socket is told."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.2)
        try:
            probe.connect((address, 53))
            probe.send(query.to_wire())
            probe.recv(512)
        except ConnectionRefusedError:
            return False
        except OSError:
            pass
    return True


# --- the servers ----------------------------------------------------------------------------------------------------------------------

class RealServer:
    """One process of one make with its zone files."""

    def __init__(self, make, directory, addresses):
        self.make, self.directory, self.addresses = make, pathlib.Path(directory), addresses
        self.directory.mkdir(parents=True)
        self.directory.chmod(0o755)
        self.zones, self.process = {}, None

    def add(self, origin, text):
        if origin in self.zones:
            raise Failed(f"{self.make} has the zone {origin} already: two stories share it, or one names the server twice")
        self.zones[origin] = path = self.directory / f"{origin or 'root'}.zone"
        path.write_text(text)

    def start(self):
        getattr(self, "start_" + self.make)()
        return self

    def start_knot(self):
        zones = "".join(f'  - domain: "{origin}."\n    file: {path}\n    zonefile-load: whole\n    semantic-checks: off\n' for origin, path in self.zones.items())
        listen = ", ".join(f"{a}@53" for a in self.addresses)
        (self.directory / "knot.conf").write_text(
            f"server:\n  rundir: {self.directory}\n  listen: [{listen}]\n  identity: \"\"\n  version: \"\"\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n"
            f"database:\n  storage: {self.directory}\nlog:\n  - target: stderr\n    any: warning\nzone:\n{zones}")
        self.run([program("knotd"), "-c", self.directory / "knot.conf"])

    def start_nsd(self):
        zones = "".join(f'zone:\n  name: "{origin}."\n  zonefile: {path}\n' for origin, path in self.zones.items())
        listen = "".join(f"  ip-address: {a}\n" for a in self.addresses)
        # rrl-ratelimit off: NSD would drop questions that come fast.
        (self.directory / "nsd.conf").write_text(
            f'server:\n{listen}  port: 53\n  username: ""\n  chroot: ""\n  zonesdir: "{self.directory}"\n  database: ""\n  pidfile: "{self.directory}/nsd.pid"\n'
            f'  xfrdfile: "{self.directory}/xfrd.state"\n  xfrdir: "{self.directory}"\n  zonelistfile: "{self.directory}/zone.list"\n'
            f"  server-count: 1\n  rrl-ratelimit: 0\n  rrl-whitelist-ratelimit: 0\nremote-control:\n  control-enable: no\n{zones}")
        self.run([program("nsd"), "-d", "-c", self.directory / "nsd.conf"])

    def start_bind(self):
        zones = "".join(f'zone "{origin}" {{ type primary; file "{path}"; check-names ignore; }};\n' for origin, path in self.zones.items())
        listen = " ".join(f"{a};" for a in self.addresses)
        (self.directory / "named.conf").write_text(
            f'options {{ directory "{self.directory}"; listen-on port 53 {{ {listen} }}; listen-on-v6 {{ none; }}; recursion no; allow-query {{ any; }};\n'
            f'  pid-file "{self.directory}/named.pid"; session-keyfile none; lock-file none; notify no; dnssec-validation no; empty-zones-enable no;\n'
            f"  check-integrity no; check-mx ignore; check-mx-cname ignore; check-srv-cname ignore; check-spf ignore; check-wildcard no; minimal-responses no; }};\n"
            f"controls {{ }};\n{zones}")
        self.run([program("named"), "-g", "-n", "1", "-c", self.directory / "named.conf"])

    def start_powerdns(self):
        (self.directory / "named.conf").write_text("".join(f'zone "{origin}" {{ type native; file "{path}"; }};\n' for origin, path in self.zones.items()))
        (self.directory / "pdns.conf").write_text(
            f"launch=bind\nbind-config={self.directory}/named.conf\nlocal-address={','.join(self.addresses)}\nlocal-port=53\nsocket-dir={self.directory}\n"
            "daemon=no\nguardian=no\nsetuid=\nsetgid=\nsecurity-poll-suffix=\nversion-string=anonymous\nloglevel=4\nreceiver-threads=1\ndistributor-threads=2\n")
        self.run([program("pdns_server"), f"--config-dir={self.directory}"])

    def run(self, command):
        self.process = Process(self.make, command, self.directory / "log")

    def reload(self, origin, serial):
        if self.make != "knot":
            raise Failed("only Knot serves zones with a past (`before`)")
        subprocess.run([program("knotc"), "-c", str(self.directory / "knot.conf"), "-b", "zone-reload", origin], check=True, capture_output=True)
        wait_until(lambda: f" {serial} " in ask(self.addresses[0], origin, "SOA"), f"serial {serial} of {origin}")

    def wait_for_zones(self):
        wait_until(lambda: self.is_ready(next(iter(self.zones))), f"{self.make} to answer; it said: {self.process.output()[-2000:]}")
        missing = [origin for origin in self.zones if not self.is_ready(origin)]
        if missing:
            raise Failed(f"{self.make} does not serve {', '.join(missing)}; it said: {self.process.output()[-3000:]}")

    def is_ready(self, origin):
        if self.process.child.poll() is not None:
            raise Failed(f"{self.make} has ended: {self.process.output()[-2000:]}")
        return ask(self.addresses[0], origin or ".", "SOA", seconds=0.5).startswith("NOERROR aa")

    def stop(self):
        if self.process:
            self.process.stop(5)


def sign(directory, origin, text, validity="valid"):
    """The zone with signatures by a key made for it, and its DS record."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    made = subprocess.run([program("dnssec-keygen"), "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "-K", directory, origin or "."], check=True, capture_output=True, text=True)
    key = made.stdout.strip()
    plain, signed = directory / f"{origin or 'root'}.plain", directory / f"{origin or 'root'}.signed"
    plain.write_text(text + (directory / f"{key}.key").read_text())
    times = ["-s", "20240101000000", "-e", "20240201000000"] if validity == "expired" else ["-s", "now-3600", "-e", "now+1728000"]
    done = subprocess.run([program("dnssec-signzone"), "-z", "-P", "-q", "-S", "-K", directory, "-d", directory, *times, "-o", origin or ".", "-O", "full", "-f", signed, plain],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{origin or 'the root'} cannot be signed: {done.stderr}")
    ds = subprocess.run([program("dnssec-dsfromkey"), "-2", directory / f"{key}.key"], check=True, capture_output=True, text=True)
    return signed.read_text(), ds.stdout.strip()


class World:
    """All servers for all stories. `start`, then ask; `stop` ends every process."""

    def __init__(self, directory, stories):
        self.directory, self.stories = pathlib.Path(directory), stories
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)
        self.zones = [zone for story in stories for zone in story.zones]
        self.odd = [odd for story in stories for odd in story.odd.values()]
        self.real = {make: RealServer(make, self.directory / make, [f"{net}.{n}" for n in range(1, ADDRESSES_EACH + 1)]) for make, net in REAL.items()}
        self.root = RealServer("knot", self.directory / "root", [ROOT])
        self.registries = RealServer("nsd", self.directory / "registry", [REGISTRY])
        self.others = []
        self.past = []  # (server, zone, its text now)

    def start(self):
        try:
            self.write_everything()
            for server in self.servers():
                server.start()
            if self.odd:
                self.others.append(self.start_odd())
            self.others.append(self.start_unbound())
            for server in self.servers():
                server.wait_for_zones()
            wait_until(lambda: ask(RESOLVER, f"knot.{SERVERS_ZONE}", "A").startswith("NOERROR"), "Unbound to resolve")
            self.live_through_the_past()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        for other in reversed(self.others):
            other.stop(5)
        for server in self.servers():
            server.stop()

    def servers(self):
        return [server for server in (self.root, self.registries, *self.real.values()) if server.zones]

    def write_everything(self):
        delegations = {}  # origin -> (name servers, DS records)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda zone: self.publish(zone, self.versions(zone.origin)), self.zones))
        for zone in self.zones:
            names, ds = delegations.setdefault(zone.origin, ({}, []))
            for server in zone.parent if zone.parent is not None else self.parent_servers(zone.origin):
                names[server.name] = server
            ds += [line for line in zone.ds_lines if line not in ds]
        self.write_hosting(delegations)
        self.write_registries(delegations)

    def versions(self, origin):
        return [zone for zone in self.zones if zone.origin == origin]

    def parent_servers(self, origin):
        versions = self.versions(origin)
        named = next((zone.parent for zone in versions if zone.parent is not None), None)
        return named if named is not None else list({s.name: s for zone in versions for s in zone.servers}.values())

    def publish(self, zone, versions):
        own = zone.own if zone.own is not None else list({s.name: s for v in versions for s in (v.own or v.servers)}.values())
        text, zone.ds_lines = zone.text(own, zone.records, zone.serial), []
        if zone.signed:
            text, ds = sign(self.directory / "keys", zone.origin, text, zone.signed)
            if zone.ds == "right":
                zone.ds_lines = [ds]
            for change in zone.altered:
                if change["from"] not in text:
                    raise Failed(f"{zone.origin}: nothing to alter, {change['from']!r} is not there")
                text = text.replace(change["from"], change["to"])
        if zone.ds == "left_behind":
            zone.ds_lines = [f"{zone.origin}. IN DS 12345 13 2 {'5A' * 32}"]
        for host in dict.fromkeys(host for server in zone.servers for host in server.hosts):
            if host not in self.real:
                next(odd for odd in self.odd if odd.address == host).zones[zone.origin] = text
                continue
            server = self.real[host]
            if zone.before is not None:
                self.past.append((server, zone, text))
                server.add(zone.origin, zone.text(own, zone.before, zone.serial - 1))
            else:
                server.add(zone.origin, text)

    def write_hosting(self, delegations):
        """The zones in which name servers have their names, unless a story has them."""
        named = {}
        for zone in self.zones:
            for server in [*zone.servers, *(zone.parent or []), *(zone.own or [])]:
                labels = server.name.split(".")
                if not any(server.name.endswith("." + origin) for origin in delegations):
                    named.setdefault(".".join(labels[-2:]), {})[server.name] = server
        hosts = {server.name: server for make in REAL for server in (NameServer(make, {}), *(NameServer(f"{make}:{n}", {}) for n in range(2, ADDRESSES_EACH + 1)))}
        named.setdefault(SERVERS_ZONE, {}).update(hosts)
        named["root-servers.net"] = {"a.root-servers.net": NameServer(f"a.root-servers.net={ROOT}", {})}
        knot = NameServer("knot", {})
        for origin, servers in named.items():
            records = "\n".join(line for server in servers.values() for line in server.address_records())
            zone = Zone({"origin": origin, "servers": ["knot"]}, {})
            self.real["knot"].add(origin, zone.text([knot], records, 1))
            delegations[origin] = ({knot.name: knot}, [])

    def write_registries(self, delegations):
        """One zone per top-level domain (and those of SUFFIXES), signed, and the root above them."""
        extra = [(entry["zone"].rstrip("."), entry["records"]) for story in self.stories for entry in story.registry]
        origins = {origin for origin in delegations if self.registry_of(origin) is not None}
        registries = sorted({self.registry_of(origin) for origin in origins} | {zone for zone, _ in extra} | {"example", "com", "net", "org", *(s.partition(".")[2] for s in SUFFIXES), *SUFFIXES}, key=lambda z: -z.count("."))
        root_records, below = [], {}
        for registry in registries:
            lines = list(below.get(registry, []))
            for origin in sorted(origins):
                if self.registry_of(origin) != registry:
                    continue
                names, ds = delegations[origin]
                for server in names.values():
                    lines.append(f"{origin}. IN NS {server.name}.")
                    if server.name.endswith("." + origin):
                        lines += server.address_records()
                lines += ds
            lines += [records for zone, records in extra if zone == registry]
            text = (f"$ORIGIN {registry}.\n$TTL 3600\n@ IN SOA a.nic.{registry}. registry.{registry}. 1 1800 900 604800 60\n@ IN NS a.nic.{registry}.\n"
                    f"a.nic.{registry}. IN A {REGISTRY}\n" + "\n".join(dict.fromkeys(lines)) + "\n")
            text, ds = sign(self.directory / "keys", registry, text)
            self.registries.add(registry, text)
            delegation = [f"{registry}. IN NS a.nic.{registry}.", f"a.nic.{registry}. IN A {REGISTRY}", ds]
            above = registry.partition(".")[2]
            (below.setdefault(above, []) if above else root_records).extend(delegation)
        text = f"$ORIGIN .\n$TTL 86400\n@ IN SOA a.root-servers.net. registry.example. 1 1800 900 604800 60\n@ IN NS a.root-servers.net.\na.root-servers.net. IN A {ROOT}\n"
        text, self.anchor = sign(self.directory / "keys", "", text + "\n".join(root_records) + "\n")
        self.root.add("", text)

    def registry_of(self, origin):
        """The registry that delegates the domain; None for a zone below a customer's, whose parent delegates it itself."""
        above = origin.partition(".")[2]
        return above if above in SUFFIXES or "." not in above else None

    def start_odd(self):
        path = self.directory / "odd.json"
        path.write_text(json.dumps([{"address": odd.address, "behaviour": odd.behaviour, "zones": odd.zones} for odd in self.odd]))
        process = Process("odd_server", [sys.executable, pathlib.Path(__file__).parent / "odd_server.py", path], self.directory / "odd.log")
        process.wait_for("odd servers listen")
        return process

    def start_unbound(self):
        directory = self.directory / "unbound"
        directory.mkdir()
        (directory / "root.hints").write_text(f". 3600000 IN NS a.root-servers.net.\na.root-servers.net. 3600000 IN A {ROOT}\n")
        (directory / "root.key").write_text(self.anchor + "\n")
        # No minimum of patience is shortened: the resolver is as slow about dead servers as those of the outside.
        (directory / "unbound.conf").write_text(
            f"server:\n  interface: {RESOLVER}@53\n  access-control: 127.0.0.0/8 allow\n  do-not-query-localhost: no\n  do-daemonize: no\n  username: \"\"\n  chroot: \"\"\n"
            f"  directory: {directory}\n  pidfile: {directory}/unbound.pid\n  use-syslog: no\n  verbosity: 0\n  do-ip6: no\n  num-threads: 1\n  so-reuseport: no\n"
            f"  module-config: \"validator iterator\"\n  trust-anchor-file: {directory}/root.key\n  root-hints: {directory}/root.hints\n  trust-anchor-signaling: no\n"
            f"  val-log-level: 2\n  log-servfail: yes\n"
            "  local-zone: \"example.\" nodefault\n  local-zone: \"test.\" nodefault\nremote-control:\n  control-enable: no\n")
        return Process("unbound", [program("unbound"), "-d", "-c", directory / "unbound.conf"], directory / "log")

    def live_through_the_past(self):
        """Zones with a `before`: the resolver asks while the old records stand, then the zone changes under its cache."""
        for story in self.stories:
            if any(zone.before is not None for zone in story.zones):
                ask(RESOLVER, story.look["name"], story.look["type"])
        for server, zone, text in self.past:
            server.zones[zone.origin].write_text(text)
            server.reload(zone.origin, zone.serial)


def check_witness(story, line):
    """"AT NAME TYPE = TEXT": whether the world is as the story says, seen with no code of ours. Empty if it is."""
    match = re.fullmatch(r"(\S+) (\S+) (\S+) (!?=) (.+)", line)
    if not match:
        return f"{line!r} is not of the form AT NAME TYPE = TEXT"
    at, name, kind, sign_, text = match.groups()
    who, _, how = at.partition("/")
    # AD in a question asks the resolver to say whether it has validated (RFC 6840 5.7).
    flags = (dns.flags.RD | dns.flags.AD if who == "resolver" else 0) | (dns.flags.CD if how == "cd" else 0)
    seen = ask(story.address_of(who), name, kind, seconds=6 if who == "resolver" else 1.2, flags=flags, edns=how != "noedns")
    return "" if (text in seen) == (sign_ == "=") else f"{line}\n    but it says: {seen}"
