#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./dev demo: one domain connected end to end, with a certificate, on real DNS servers and a real certificate authority, on loopback, in a
temporary directory."""

import argparse
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from harness.dns_servers import DnsWorld  # noqa: E402
from harness.identity import IdentityProvider  # noqa: E402
from harness.pebble import Pebble  # noqa: E402
from harness.process import Failed, Process, free_port, wait_until  # noqa: E402
from harness.signpost import Signpost, call  # noqa: E402

HOST, TARGET = "www.shop.example", "app.saas.example"
BEFORE, AFTER = "www IN CNAME cname.hosting.example.", f"www IN CNAME {TARGET}."
ZONE, ZONE_SERVER = "acme.saas.example", "127.0.0.4"
EVENTS = ["domain.added", "signpost.connection.certificate_issued", "signpost.connection.deployed"]
BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def say(text=""):
    print(text, flush=True)


def title(text):
    say(f"\n{BOLD}{text}{PLAIN}")


def handshake(host, chain, key, root_pem):
    """A TLS server with these files, on loopback, and a client that trusts this root alone: what the client saw."""
    ours, theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cadata=root_pem)
    ours.load_cert_chain(chain, key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        def serve():
            with listening.accept()[0] as accepted, ours.wrap_socket(accepted, server_side=True) as connection:
                connection.recv(1)

        threading.Thread(target=serve, daemon=True).start()
        with socket.create_connection(listening.getsockname(), timeout=10) as plain, theirs.wrap_socket(plain, server_hostname=host) as connection:
            return connection.version(), connection.cipher()[0], connection.getpeercert()


class Demo:
    def __init__(self, binary, directory):
        self.binary, self.directory = pathlib.Path(binary).resolve(), pathlib.Path(directory)
        self.world, self.pebble, self.server, self.listener = None, None, None, None

    def command(self, *words, shown=None, check=True):
        """Runs a signpost command as a person would and shows both the command and what it says."""
        say(f"{DIM}$ signpost {shown or shlex.join(map(str, words))}{PLAIN}")
        done = self.server.run(*words, check=False, env={"SIGNPOST_URL": f"http://{self.server.api}"})
        for line in (done.stdout + done.stderr).rstrip().splitlines():
            say(f"  {line}")
        if check and done.returncode != 0:
            raise Failed(f"that command ended with {done.returncode}")
        return done

    def domain(self, method, what, body=None, shown=True):
        """A call of the frontend, with its organization's token."""
        url = f"/api/domain/{what}/acme"
        if shown:
            data = f" -d '{json.dumps(body)}'" if body else ""
            say(f"{DIM}$ curl -X {method} http://{self.server.api}{url} -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json'{data}{PLAIN}")
        answer = call(self.server.api, method, url, body, {"Authorization": f"Bearer {self.token}"})
        if shown:
            say(f"  {answer.body.decode()}")
        if answer.status != 200:
            raise Failed(f"{what} was answered with {answer}")
        return answer.json

    def start_servers(self):
        title("1. Two authoritative servers of different make (PowerDNS, Knot), a resolver (Unbound), a certificate authority (Pebble)")
        self.world = DnsWorld(self.directory / "dns", beside=(ZONE_SERVER,))
        self.world.unbound.stubs[ZONE] = [(ZONE_SERVER, self.world.authority_port)]
        self.world.start()
        self.resolver = f"{self.world.RESOLVER}:{self.world.resolver_port}"
        for server in (self.world.powerdns, self.world.knot):
            server.set_records("saas.example", ["app IN A 127.0.0.9", "acme IN NS ns1.acme", f"ns1.acme IN A {ZONE_SERVER}"])
            server.set_records("shop.example", [BEFORE])
        self.pebble = Pebble(self.directory / "pebble", self.resolver, validity_seconds=90 * 24 * 3600).start()
        say(f"  shop.example is served by ns1 ({self.world.POWERDNS}:{self.world.authority_port}) and ns2 ({self.world.KNOT}:{self.world.authority_port});")
        say(f"  the resolver listens on {self.resolver}. {HOST} leads to the customer's old hosting.")
        say(f"  Pebble is the authority of Let's Encrypt's authors for tests: {self.pebble.directory_url}")

    def start_signpost(self):
        title(f"2. signpost serve, which also answers for the ACME zone {ZONE}")
        provider = IdentityProvider()
        jwks = self.directory / "jwks.json"
        jwks.write_text(json.dumps(provider.jwks()))
        self.issuer, self.token = provider.issuer, provider.token("acme")
        settings = (f'[dns]\nresolvers = ["{self.resolver}"]\nauthority_port = {self.world.authority_port}\n'
                    f'acme_zone = "{ZONE}"\nacme_zone_name_servers = ["ns1.{ZONE} {ZONE_SERVER}"]\n'
                    f'acme_zone_listen = ["{ZONE_SERVER}:{self.world.authority_port}"]\n'
                    '[certificates]\nby_default = "cname"\n'
                    f'[[authorities]]\nname = "pebble"\ndirectory_url = "{self.pebble.directory_url}"\nca_file = "{self.pebble.ca_file}"\n'
                    'agree_to_terms = true\nlimits = "none"\n'
                    f'[[issuers]]\nissuer = "{provider.issuer}"\njwks_file = "{jwks}"\n[network]\nallow = ["127.0.0.0/8"]\n')
        self.server = Signpost(self.directory / "signpost", binary=self.binary, config=settings)
        self.server.start()
        for line in settings.splitlines():
            say(f"  {line}")
        say(f"  API on http://{self.server.api}, operation on http://{self.server.operation}; ready.")

    def create_application(self):
        title("3. The SaaS company: an application, and a receiver for its webhooks")
        self.hook = f"127.0.0.1:{free_port()}"
        words = ["app", "create", "--name", "Demo", "--webhook-url", f"http://{self.hook}/webhooks", "--cname-target", TARGET, "--issuer", self.issuer]
        say(f"{DIM}$ signpost {shlex.join(words)}{PLAIN}")
        done = self.server.run(*words, "--config", self.server.config, "--data", self.server.data, "--json")
        created = json.loads(done.stdout)
        self.application, secret = created["id"], created["secret"]
        say(f"  application {self.application}, its secret is shown once: {secret[:10]}…")
        wait_until(lambda: self.server.v1("PATCH", f"/endpoints/{created['endpoint']['id']}?application={self.application}", {"event_types": EVENTS}).status == 200, "the endpoint")
        # A running server notices what a command has made within half a second.
        wait_until(lambda: call(self.server.api, "GET", "/api/domain/get-proxy/acme", headers={"Authorization": f"Bearer {self.token}"}).status == 200,
                   "the application to be known")
        say(f"{DIM}$ signpost webhook listen --listen {self.hook} --until success{PLAIN}   (in the background)")
        self.listener = Process("listener", [self.binary, "webhook", "listen", "--listen", self.hook, "--until", "success"],
                                self.directory / "listener.log", env={"SIGNPOST_SECRET": secret})
        self.listener.wait_for("listening")

    def connect(self):
        title(f"4. A customer, organization acme, connects {HOST}")
        done = self.command("connect", HOST, "--organization", "acme", "--application", self.application, "--record", "CNAME www {CNAME_TARGET}",
                            "--no-flow", "--server", f"http://{self.server.api}")
        connection = self.server.v1("GET", f"/connections/{re.search(r'con_[0-9a-z]+', done.stdout).group(0)}").json
        record = next(record for record in connection["records"] if record["purpose"] == "certificate")
        self.challenge, self.leads_to = record["name"], record["value"]
        self.challenge_line = f"{record['host']} IN CNAME {record['value']}."
        wait_until(lambda: self.domain("GET", "get-proxy", shown=False)["original_www_cname"], "what the host answers now")
        say("  What www answers now is kept, for the day of a disconnection: cname.hosting.example")

    def observe(self, name, value):
        return self.command("dns", "observe", name, "CNAME", value, "--resolver", self.resolver,
                            "--authority-port", self.world.authority_port, "--allow", "127.0.0.0/8", check=False)

    def add_challenge(self):
        title("5. Step 1: the CNAME for the certificate is added at the first server only. The servers disagree, and Signpost says so")
        self.world.powerdns.set_records("shop.example", [BEFORE, self.challenge_line])
        if self.observe(self.challenge, self.leads_to).returncode != 1:
            raise Failed("dns observe should have ended with 1 while the servers disagree")
        title("6. The CNAME reaches the second server, and the frontend marks step 1")
        self.world.knot.set_records("shop.example", [BEFORE, self.challenge_line])
        self.domain("POST", "mark-step-complete", {"step": 1})

    def wait_for_certificate(self):
        title("7. Signpost sees the CNAME at both servers, puts the challenge where it leads, and Pebble validates: nobody touches DNS again")
        begun = time.monotonic()
        certificate = self.server.v1("GET", "/certificates").json["data"][0]
        try:
            wait_until(lambda: self.domain("GET", "get-proxy", shown=False)["proxy_status"] == "SSL_VALIDATED", "SSL_VALIDATED", 60, pause=0.1)
        finally:
            say(f"  {self.domain('GET', 'get-proxy', shown=False)['proxy_status']} {time.monotonic() - begun:.1f} s after step 1")
            self.show(certificate)
        self.chain, self.key = self.directory / "chain.pem", self.directory / "key.pem"
        self.command("certificate", "export", certificate["id"], "--chain-file", self.chain, "--key-file", self.key, "--config", self.server.config,
                     "--data", self.server.data, shown=f"certificate export {certificate['id']} --chain-file chain.pem --key-file key.pem")

    def show(self, certificate):
        self.command("certificate", "show", certificate["id"], "--server", f"http://{self.server.api}", shown=f"certificate show {certificate['id']}")

    def switch_traffic(self):
        title("8. Step 2: www is switched at both servers, and the frontend marks it")
        for server in (self.world.powerdns, self.world.knot):
            server.set_records("shop.example", [AFTER, self.challenge_line])
        self.domain("POST", "mark-step-complete", {"step": 2})
        self.observe(HOST, TARGET)

    def wait_for_success(self):
        title("9. Signpost sees them agree; the receiver has verified each webhook")
        wait_until(lambda: self.listener.child.poll() is not None, "the success webhook", 45)
        said = self.listener.output().rstrip()
        for line in said.splitlines():
            say(f"  {line}")
        if self.listener.child.returncode != 0:
            raise Failed(f"the receiver ended with {self.listener.child.returncode}")
        return len(re.findall(r"^verified\b", said, re.M))

    def shake_hands(self):
        title(f"10. A TLS server with the exported chain and key, and a client that trusts Pebble's root alone, asks it for {HOST}")
        from cryptography.hazmat.primitives.serialization import Encoding
        root = self.pebble.root().public_bytes(Encoding.PEM).decode()
        version, cipher, seen = handshake(HOST, self.chain, self.key, root)
        issuer = dict(pair for part in seen["issuer"] for pair in part)["commonName"]
        names = ", ".join(value for _, value in seen["subjectAltName"])
        say(f"  ✓ {version}, {cipher}: the certificate for {names} by {issuer}, valid until {seen['notAfter']}, is good")

    def run(self):
        self.start_servers()
        self.start_signpost()
        self.create_application()
        begun = time.monotonic()
        self.connect()
        self.add_challenge()
        self.wait_for_certificate()
        self.switch_traffic()
        verified = self.wait_for_success()
        seconds = time.monotonic() - begun
        status = self.domain("GET", "get-proxy", shown=False)["proxy_status"]
        self.shake_hands()
        title("To explore further")
        say("  build/release/signpost serve                 your own server; it prints an admin key at the first start")
        say("  build/release/signpost --help                every command, with examples")
        say("  build/release/signpost dns observe HOST CNAME   what every name server of a real domain says")
        say("  README.md                                    running it for production\n")
        return f"demo: {HOST} {status} with a certificate in {seconds:.0f} s, {verified} webhooks verified"

    def stop(self):
        if self.listener:
            self.listener.stop(5)
        if self.server:
            self.server.stop()
        if self.pebble:
            self.pebble.stop()
        if self.world:
            self.world.stop()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--binary", default=str(ROOT / "build/release/signpost"))
    options = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="signpost-demo-") as directory:
        demo = Demo(options.binary, directory)
        last = None
        try:
            last = demo.run()
        except (Failed, OSError, subprocess.SubprocessError) as error:
            print(f"demo failed: {error}", file=sys.stderr)
            if demo.server and demo.server.process:
                print("signpost said last:\n" + demo.server.process.output()[-2000:], file=sys.stderr)
        finally:
            demo.stop()
    if last is None:
        return 1
    say(last)
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
