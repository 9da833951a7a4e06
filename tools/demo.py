#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./dev demo: one domain connected end to end on real DNS servers, on loopback, in a temporary directory."""

import argparse
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from harness.dns_servers import DnsWorld  # noqa: E402
from harness.process import Failed, Process, free_port, wait_until  # noqa: E402
from harness.signpost import Signpost  # noqa: E402

HOST, RECORD = "www.shop.example", "www IN CNAME app.saas.example."
BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def say(text=""):
    print(text, flush=True)


def title(text):
    say(f"\n{BOLD}{text}{PLAIN}")


class Demo:
    def __init__(self, binary, directory):
        self.binary, self.directory = pathlib.Path(binary).resolve(), pathlib.Path(directory)
        self.world, self.server, self.listener = None, None, None

    def command(self, *words, shown=None, check=True):
        """Runs a signpost command as a person would and shows both the command and what it says."""
        say(f"{DIM}$ signpost {shown or shlex.join(map(str, words))}{PLAIN}")
        done = self.server.run(*words, check=False, env={"SIGNPOST_URL": f"http://{self.server.api}"})
        for line in (done.stdout + done.stderr).rstrip().splitlines():
            say(f"  {line}")
        if check and done.returncode != 0:
            raise Failed(f"that command ended with {done.returncode}")
        return done

    def start_servers(self):
        title("1. Two authoritative servers of different make (PowerDNS, Knot) and a resolver (Unbound)")
        self.world = DnsWorld(self.directory / "dns").start()
        say(f"  shop.example is served by ns1 ({self.world.POWERDNS}:{self.world.authority_port}) and ns2 ({self.world.KNOT}:{self.world.authority_port});")
        say(f"  the resolver listens on {self.world.RESOLVER}:{self.world.resolver_port}. {HOST} does not exist yet.")
        title("2. signpost serve")
        self.server = Signpost(self.directory / "signpost", binary=self.binary, config=(
            f'[dns]\nresolvers = ["{self.world.RESOLVER}:{self.world.resolver_port}"]\nauthority_port = {self.world.authority_port}\n'
            '[network]\nallow = ["127.0.0.0/8"]\n'))
        self.server.start()
        say(f"  API on http://{self.server.api}, operation on http://{self.server.operation}; ready.")

    def create_application(self):
        title("3. The SaaS company: an application, and a receiver for its webhooks")
        self.hook = f"127.0.0.1:{free_port()}"
        words = ["app", "create", "--name", "Demo", "--webhook-url", f"http://{self.hook}/webhooks", "--cname-target", "app.saas.example"]
        say(f"{DIM}$ signpost {shlex.join(words)}{PLAIN}")
        done = self.server.run(*words, "--config", self.server.config, "--data", self.server.data, "--json")
        created = json.loads(done.stdout)
        self.application, secret = created["id"], created["secret"]
        say(f"  application {self.application}, its secret is shown once: {secret[:10]}…")
        say(f"{DIM}$ signpost webhook listen --listen {self.hook} --until success{PLAIN}   (in the background)")
        self.listener = Process("listener", [self.binary, "webhook", "listen", "--listen", self.hook, "--until", "success"],
                                self.directory / "listener.log", env={"SIGNPOST_SECRET": secret})
        self.listener.wait_for("listening")

    def connect(self):
        title(f"4. A customer, organization acme, connects {HOST}")
        done = self.command("connect", HOST, "--organization", "acme", "--application", self.application, "--record", "CNAME www {CNAME_TARGET}",
                            "--server", f"http://{self.server.api}")
        self.connection = re.search(r"\bcon_\w+", done.stdout).group(0)

    def observe(self):
        return self.command("dns", "observe", HOST, "CNAME", "app.saas.example", "--resolver", f"{self.world.RESOLVER}:{self.world.resolver_port}",
                            "--authority-port", self.world.authority_port, "--allow", "127.0.0.0/8", check=False)

    def add_records(self):
        title("5. The record is added at the first server only: the servers disagree, and Signpost says so")
        self.world.powerdns.set_records("shop.example", [RECORD])
        if self.observe().returncode != 1:
            raise Failed("dns observe should have ended with 1 while the servers disagree")
        title("6. The record reaches the second server")
        self.world.knot.set_records("shop.example", [RECORD])
        self.observe()

    def wait_for_success(self):
        title("7. Signpost's next look sees them agree; the receiver verifies each webhook")
        wait_until(lambda: self.listener.child.poll() is not None, "the success webhook", 45)
        said = self.listener.output().rstrip()
        for line in said.splitlines():
            say(f"  {line}")
        if self.listener.child.returncode != 0:
            raise Failed(f"the receiver ended with {self.listener.child.returncode}")
        return len(re.findall(r"^verified\b", said, re.M))

    def run(self):
        self.start_servers()
        self.create_application()
        begun = time.monotonic()
        self.connect()
        self.add_records()
        verified = self.wait_for_success()
        seconds = time.monotonic() - begun
        title("To explore further")
        say("  build/release/signpost serve                 your own server; it prints an admin key at the first start")
        say("  build/release/signpost --help                every command, with examples")
        say("  build/release/signpost dns observe HOST CNAME   what every name server of a real domain says")
        say("  README.md                                    running it for production\n")
        return f"demo: {HOST} connected in {seconds:.0f} s, {verified} webhooks verified"

    def stop(self):
        if self.listener:
            self.listener.stop(5)
        if self.server:
            self.server.stop()
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
