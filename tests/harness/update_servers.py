# SPDX-License-Identifier: Apache-2.0
"""Knot and BIND that take dynamic updates (RFC 2136) of one zone, signed with one key or not signed, as a test says."""

import pathlib

from .dns_servers import ask, program
from .process import Process, wait_until


class UpdateServer:
    """A primary of `zone` at `address`; `key` is (name, algorithm, base64 secret), or None for updates without one."""

    def __init__(self, directory, address, port, zone, key):
        self.directory, self.address, self.port, self.zone, self.key = pathlib.Path(directory), address, port, zone, key
        self.directory.mkdir(parents=True, exist_ok=True)
        self.process = None
        self.zone_file = self.directory / "zone"
        self.zone_file.write_text(f"$ORIGIN {zone}.\n$TTL 5\n@ IN SOA ns1 hostmaster 1 60 30 600 1\n@ IN NS ns1\nns1 IN A {address}\n")

    def start(self):
        self.process = Process(self.__class__.__name__, self.command(), self.directory / "log")
        wait_until(lambda: ask(self.zone, "SOA", self.address, self.port),
                   f"{self.process.name} to serve {self.zone}; it said: {self.process.output()[-2000:]}")
        return self

    def stop(self):
        if self.process:
            self.process.stop(5)

    def texts(self, label):
        return sorted(line.strip('"') for line in ask(f"{label}.{self.zone}", "TXT", self.address, self.port).splitlines())


class Knot(UpdateServer):
    def command(self):
        name, algorithm, secret = self.key or ("", "", "")
        key = f"key:\n  - id: {name}\n    algorithm: {algorithm}\n    secret: {secret}\n" if self.key else ""
        whom = f"key: {name}" if self.key else f"address: {self.address}"
        (self.directory / "knot.conf").write_text(
            f"server:\n  rundir: {self.directory}\n  listen: {self.address}@{self.port}\n"
            f"database:\n  storage: {self.directory}\nlog:\n  - target: stderr\n    any: info\n{key}"
            f"acl:\n  - id: signpost\n    {whom}\n    action: update\n"
            f"zone:\n  - domain: {self.zone}\n    file: {self.zone_file}\n    acl: signpost\n    zonefile-sync: -1\n    journal-content: all\n    zonefile-load: difference-no-serial\n")
        return [program("knotd"), "-c", self.directory / "knot.conf"]


class Bind(UpdateServer):
    def command(self):
        name, algorithm, secret = self.key or ("", "", "")
        key = f'key "{name}" {{ algorithm {algorithm}; secret "{secret}"; }};\n' if self.key else ""
        policy = f'update-policy {{ grant {name} subdomain {self.zone}. TXT; }};' if self.key else "allow-update { none; };"
        (self.directory / "named.conf").write_text(
            f'options {{ directory "{self.directory}"; listen-on port {self.port} {{ {self.address}; }}; listen-on-v6 {{ none; }}; recursion no;\n'
            f'  pid-file "{self.directory}/named.pid"; session-keyfile none; lock-file none; notify no; dnssec-validation no; empty-zones-enable no; }};\n'
            f'controls {{ }};\n{key}zone "{self.zone}" {{ type primary; file "{self.zone_file}"; {policy} }};\n')
        return [program("named"), "-g", "-n", "1", "-c", self.directory / "named.conf"]
