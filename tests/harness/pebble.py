# SPDX-License-Identifier: Apache-2.0
"""Pebble from Debian, the certificate authority that we have not written, with TLS of its own; and its challenge server, a DNS server that says
what it is told. Both listen on loopback and know nothing of each other: Pebble asks whatever DNS server it is given.

Pebble refuses one good nonce in twenty and reuses every other authorization, at random, unless told otherwise: leave that on, it is how the
field is. It keeps everything in memory: a Pebble that was stopped has forgotten its accounts.
"""

import datetime
import json
import pathlib
import ssl
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .dns_servers import program
from .process import Process, free_port, wait_until

HOST = "localhost"  # loopback without asking DNS (RFC 6761 6.3)


def write_tls_files(directory):
    """root.pem, which clients are told to trust; certificate.pem and key.pem for localhost."""
    def named(name):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def signed(subject, key, issuer, issuer_key, extensions):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30)))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = named("Pebble TLS Root")
    (directory / "root.pem").write_bytes(signed(root, root_key, root, root_key, [(x509.BasicConstraints(True, None), True)]))
    (directory / "certificate.pem").write_bytes(signed(named("Pebble"), key, root, root_key, [
        (x509.BasicConstraints(False, None), True), (x509.SubjectAlternativeName([x509.DNSName(HOST)]), False)]))
    (directory / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


class Pebble:
    """`dns_server` ("127.0.0.1:5353") is whom it asks for challenges and CAA; `external_keys` (key id → MAC key, base64url) makes accounts need one;
    `alternates`: further chains, to roots of their own; `validity_seconds` of certificates; `sleeps`: as it comes, up to 15 s between
    validations; `nonces_refused_percent`, `authorizations_reused_percent`: nothing leaves them as they come."""

    def __init__(self, directory, dns_server, external_keys=None, alternates=0, validity_seconds=None, sleeps=False, nonces_refused_percent=None,
                 authorizations_reused_percent=None, prefix=()):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port, self.management_port = free_port(), free_port()
        self.dns_server, self.prefix, self.process = dns_server, list(prefix), None
        self.environment = {"PEBBLE_ALTERNATE_ROOTS": str(alternates)}
        if not sleeps:
            self.environment["PEBBLE_VA_NOSLEEP"] = "1"
        if nonces_refused_percent is not None:
            self.environment["PEBBLE_WFE_NONCEREJECT"] = str(nonces_refused_percent)
        if authorizations_reused_percent is not None:
            self.environment["PEBBLE_AUTHZREUSE"] = str(authorizations_reused_percent)
        self.settings = {"listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self.management_port}",
                         "certificate": "certificate.pem", "privateKey": "key.pem", "httpPort": 5002, "tlsPort": 5001,
                         "externalAccountBindingRequired": bool(external_keys)}
        if external_keys:
            self.settings["externalAccountMACKeys"] = external_keys
        if validity_seconds:
            self.settings["certificateValidityPeriod"] = validity_seconds

    @property
    def directory_url(self):
        return f"https://{HOST}:{self.port}/dir"

    @property
    def ca_file(self):
        return self.directory / "root.pem"

    def start(self):
        if not (self.directory / "root.pem").exists():
            write_tls_files(self.directory)
        (self.directory / "pebble.json").write_text(json.dumps({"pebble": self.settings}))
        self.process = Process("pebble", [*self.prefix, program("pebble"), "-config", "pebble.json", "-dnsserver", self.dns_server],
                               self.directory / "pebble.log", env=self.environment, cwd=self.directory)
        self.process.wait_for("ACME directory available")
        wait_until(self.answers, f"Pebble to answer: {self.process.output()[-500:]}")
        return self

    def answers(self):
        try:
            return self.ask(self.directory_url)
        except OSError:
            return None

    def ask(self, url):
        """The body of a URL of its own."""
        with urllib.request.urlopen(url, timeout=5, context=ssl.create_default_context(cafile=self.ca_file)) as reply:
            return reply.read()

    def root(self, number=0):
        """The root that chain `number` leads to."""
        return x509.load_pem_x509_certificate(self.ask(f"https://{HOST}:{self.management_port}/roots/{number}"))

    def status_of(self, certificate):
        """"Valid" or "Revoked"."""
        return json.loads(self.ask(f"https://{HOST}:{self.management_port}/cert-status-by-serial/{certificate.serial_number:x}"))["Status"]

    def stop(self):
        if self.process:
            self.process.stop(5)


class ChallengeServer:
    """pebble-challtestsrv: answers TXT, CNAME, CAA and SERVFAIL as told, and 127.0.0.1 for every A."""

    def __init__(self, directory, prefix=()):
        self.directory, self.port, self.management_port = pathlib.Path(directory), free_port(), free_port()
        self.prefix, self.process = list(prefix), None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def management_url(self):
        return f"http://127.0.0.1:{self.management_port}"

    def start(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        self.process = Process("pebble-challtestsrv", [*self.prefix, program("pebble-challtestsrv"), "-dns01", self.address, "-http01", "", "-https01", "",
                                                       "-tlsalpn01", "", "-management", f"127.0.0.1:{self.management_port}"], self.directory / "challenges.log")
        wait_until(self.answers, f"the challenge server to answer: {self.process.output()[-500:]}")
        return self

    def answers(self):
        try:
            self.clear_txt("nothing.example")
        except OSError:
            return False
        return True

    def tell(self, what, **members):
        request = urllib.request.Request(f"{self.management_url}/{what}", json.dumps(members).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=5):
            pass

    def add_txt(self, name, value):
        """One more value at that name."""
        self.tell("set-txt", host=name + ".", value=value)

    def clear_txt(self, name):
        self.tell("clear-txt", host=name + ".")

    def set_cname(self, name, target):
        self.tell("set-cname", host=name + ".", target=target + ".")

    def set_servfail(self, name):
        self.tell("set-servfail", host=name + ".")

    def clear_servfail(self, name):
        self.tell("clear-servfail", host=name + ".")

    def stop(self):
        if self.process:
            self.process.stop(5)
