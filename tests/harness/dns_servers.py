# SPDX-License-Identifier: Apache-2.0
"""PowerDNS, Knot and Unbound from Debian, unprivileged, on loopback addresses and ports of the caller's choice."""

import os
import pathlib
import shutil
import subprocess

from .process import Failed, Process, wait_until

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin"


def program(name):
    found = shutil.which(name, path=PATH)
    if not found:
        raise Failed(f"{name} is not installed; ./dev setup installs what packaging/debian-packages.txt lists")
    return found


def ask(name, kind, address, port, seconds=2):
    """What `dig +short` answers; empty for anything else."""
    done = subprocess.run([program("dig"), "+short", f"+time={seconds}", "+tries=1", f"@{address}", "-p", str(port), name, kind],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


class Authority:
    """What both authoritative servers have in common: zones as files, a serial that grows."""

    def __init__(self, directory, address, port):
        self.directory, self.address, self.port = pathlib.Path(directory), address, port
        self.directory.mkdir(parents=True, exist_ok=True)
        self.serials, self.zones, self.process = {}, {}, None

    def write_zone(self, zone, records, name_servers):
        serial = self.serials[zone] = self.serials.get(zone, 0) + 1
        first = name_servers[0][0]
        lines = [f"$ORIGIN {zone}.", "$TTL 5", f"@ IN SOA {first}. hostmaster.{zone}. {serial} 60 30 600 5"]
        for name, address in name_servers:
            lines.append(f"@ IN NS {name}.")
            if name.endswith("." + zone):
                lines.append(f"{name}. IN A {address}")
        self.zones[zone] = (list(records), name_servers)
        path = self.directory / f"{zone}.zone"
        path.write_text("\n".join(lines + list(records)) + "\n")
        path.chmod(0o644)
        return path

    def wait_for_serial(self, zone, seconds=20):
        """Until the server answers with the zone as it was last written."""
        serial = self.serials[zone]
        wait_until(lambda: f" {serial} " in ask(zone, "SOA", self.address, self.port),
                   f"serial {serial} of {zone} at {self.address}; {self.process.name} said: {self.process.output()[-500:]}", seconds)

    def set_records(self, zone, records):
        """Replaces the zone's records and returns once the server answers with them."""
        self.write_zone(zone, records, self.zones[zone][1])
        self.reload(zone)
        self.wait_for_serial(zone)

    def stop(self):
        if self.process:
            self.process.stop(5)


class PowerDns(Authority):
    """pdns_server with the bind backend."""

    def start(self):
        named = self.directory / "named.conf"
        named.write_text("".join(f'zone "{zone}" {{ type native; file "{self.directory}/{zone}.zone"; }};\n' for zone in self.zones))
        # Memory caches off, so that a reload is seen at once.
        (self.directory / "pdns.conf").write_text(
            f"launch=bind\nbind-config={named}\nlocal-address={self.address}\nlocal-port={self.port}\nsocket-dir={self.directory}\n"
            "daemon=no\nguardian=no\ncache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0\nsetuid=\nsetgid=\nsecurity-poll-suffix=\n"
            "zone-cache-refresh-interval=0\nversion-string=anonymous\nloglevel=4\n")
        self.process = Process("pdns_server", [program("pdns_server"), f"--config-dir={self.directory}"], self.directory / "pdns.log")
        for zone in self.zones:
            self.wait_for_serial(zone)
        return self

    def reload(self, zone):
        subprocess.run([program("pdns_control"), f"--config-dir={self.directory}", "bind-reload-now", zone], check=True, capture_output=True)


class Knot(Authority):
    """knotd with zone files."""

    def start(self):
        zones = "".join(f"  - domain: {zone}\n    file: {self.directory}/{zone}.zone\n    zonefile-load: whole\n    semantic-checks: off\n" for zone in self.zones)
        (self.directory / "knot.conf").write_text(
            f"server:\n  rundir: {self.directory}\n  listen: {self.address}@{self.port}\n  identity: \"\"\n  version: \"\"\n"
            f"database:\n  storage: {self.directory}\nlog:\n  - target: stderr\n    any: warning\nzone:\n{zones}")
        self.process = Process("knotd", [program("knotd"), "-c", self.directory / "knot.conf"], self.directory / "knot.log")
        for zone in self.zones:
            self.wait_for_serial(zone)
        return self

    def reload(self, zone):
        subprocess.run([program("knotc"), "-c", str(self.directory / "knot.conf"), "-b", "zone-reload", zone], check=True, capture_output=True)


class Unbound:
    """A resolver that knows the given zones by stub and nothing else, but for what a test adds: `forwards` (name → servers that resolve what is
    below it), `nowhere` (names that do not exist, with all below them)."""

    def __init__(self, directory, address, port, stubs):
        self.directory, self.address, self.port, self.stubs = pathlib.Path(directory), address, port, stubs
        self.directory.mkdir(parents=True, exist_ok=True)
        self.process, self.forwards, self.nowhere = None, {}, []

    def start(self):
        # `example` is a special-use name that Unbound answers itself unless told otherwise.
        stubs = "".join(f"stub-zone:\n  name: {zone}\n" + "".join(f"  stub-addr: {a}@{p}\n" for a, p in servers) for zone, servers in self.stubs.items())
        forwards = "".join(f"forward-zone:\n  name: {name}\n" + "".join(f"  forward-addr: {a}@{p}\n" for a, p in servers) for name, servers in self.forwards.items())
        nowhere = "".join(f"  local-zone: \"{name}.\" always_nxdomain\n" for name in self.nowhere)
        (self.directory / "unbound.conf").write_text(
            f"server:\n  interface: {self.address}@{self.port}\n  port: {self.port}\n  access-control: 127.0.0.0/8 allow\n  do-not-query-localhost: no\n"
            f"  do-daemonize: no\n  username: \"\"\n  chroot: \"\"\n  directory: {self.directory}\n  pidfile: {self.directory}/unbound.pid\n  use-syslog: no\n"
            "  module-config: \"iterator\"\n  verbosity: 0\n  cache-max-negative-ttl: 1\n  infra-host-ttl: 1\n  do-ip6: no\n  num-threads: 1\n"
            f"  local-zone: \"example.\" transparent\n  local-data: \"example. IN TXT top\"\n  local-zone: \"test.\" nodefault\n{nowhere}"
            f"remote-control:\n  control-enable: no\n{stubs}{forwards}")
        self.process = Process("unbound", [program("unbound"), "-d", "-c", self.directory / "unbound.conf"], self.directory / "unbound.log")
        zone = next(iter(self.stubs))
        wait_until(lambda: ask(zone, "SOA", self.address, self.port), f"unbound to resolve {zone}: {self.process.output()[-500:]}")
        return self

    def stop(self):
        if self.process:
            self.process.stop(5)


class DnsWorld:
    """The demo's world: PowerDNS and Knot share shop.example and saas.example; Unbound resolves them."""

    POWERDNS, KNOT, RESOLVER = "127.0.0.2", "127.0.0.3", "127.0.0.1"

    def __init__(self, directory, zones=("shop.example", "saas.example"), beside=()):
        """`beside`: addresses on which the port of the authorities is to be free, too."""
        from .process import free_port, free_port_on_all
        directory = pathlib.Path(directory)
        self.authority_port, self.resolver_port = free_port_on_all([self.POWERDNS, self.KNOT, *beside]), free_port(self.RESOLVER)
        self.powerdns = PowerDns(directory / "powerdns", self.POWERDNS, self.authority_port)
        self.knot = Knot(directory / "knot", self.KNOT, self.authority_port)
        for server in (self.powerdns, self.knot):
            for zone in zones:
                extra = ["app IN A 127.0.0.9"] if zone == "saas.example" else []
                server.write_zone(zone, extra, [(f"ns1.{zone}", self.POWERDNS), (f"ns2.{zone}", self.KNOT)])
        both = [(self.POWERDNS, self.authority_port), (self.KNOT, self.authority_port)]
        self.unbound = Unbound(directory / "unbound", self.RESOLVER, self.resolver_port, {zone: both for zone in zones})

    def start(self):
        try:
            self.powerdns.start()
            self.knot.start()
            self.unbound.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        for server in (self.unbound, self.knot, self.powerdns):
            server.stop()
