# SPDX-License-Identifier: Apache-2.0
"""Deliveries of the real binary before verifiers of others: the official `standardwebhooks` of npm, and the packages that integrators take."""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from harness.receiver import Receiver
from harness.signpost import Signpost

ROOT = pathlib.Path(__file__).resolve().parents[2]
NPM = ROOT / "tests/npm"
sys.path.insert(0, str(ROOT / "packages/python"))
import signpost_webhooks  # noqa: E402

# Written as an integrator would: the package by its path, all that it proves on one line.
NODE = """
import { readFileSync } from "node:fs";
import { verify } from %s;
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(({ secret, headers, body }) => verify(headers, Buffer.from(body, "base64"), secret).form)));
""" % json.dumps((ROOT / "packages/typescript/index.js").as_uri())


def node(*words, deliveries):
    done = subprocess.run(["node", *map(str, words)], input=json.dumps(deliveries), capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f"node {words[0]} failed:\n{done.stderr}")
    return json.loads(done.stdout)


class RealDeliveries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not (NPM / "node_modules/standardwebhooks").exists():
            raise AssertionError("tests/npm/node_modules is not there: ./dev setup installs it from npm (npm ci in tests/npm); this test is never skipped")
        cls.directory = tempfile.TemporaryDirectory(prefix="signpost-verifiers-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.server = Signpost(cls.directory.name, config='[dns]\nresolvers = ["127.0.0.1:9"]\n[network]\nallow = ["127.0.0.0/8"]\n')
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.stop)
        cls.application = cls.server.create_application(name="Grüße", webhook_url=cls.receiver.url)
        cls.secrets = [cls.application["secret"]]
        cls.deliver("www.shop.example")
        rotated = cls.server.v1("POST", f"/applications/{cls.application['id']}/rotate-secret", {"overlap": "1h"})
        cls.secrets.append(rotated.json["secret"])
        cls.deliver("www.other.example")

    @classmethod
    def deliver(cls, host):
        """Two deliveries, with a record and a user that are not ASCII."""
        connection = cls.server.connect(cls.application["id"], host, [{"type": "TXT", "host": "@", "value": "größe=1"}], user_id="Übung \U0001f642")
        cls.server.v1("POST", f"/connections/{connection['id']}/flow", {"setup_type": "manual"})
        for type_name in ("domain.flow.completed", "domain.added"):
            cls.receiver.wait_for(lambda body, t=type_name: body["job_id"] == connection["job_id"] and body["type"] == t, type_name)

    def deliveries(self, which=0, body=lambda body: body, received=None):
        return [{"secret": self.secrets[which], "headers": one.headers, "body": base64.b64encode(body(one.body)).decode()} for one in received or self.receiver.all()]

    def test_the_official_verifier_accepts_every_delivery(self):
        self.assertEqual(node(NPM / "verify.mjs", deliveries=self.deliveries()), ["genuine"] * 4)

    def test_the_official_verifier_accepts_the_new_secret_during_the_overlap(self):
        self.assertEqual(node(NPM / "verify.mjs", deliveries=self.deliveries(which=1, received=self.receiver.all()[2:])), ["genuine"] * 2)

    def test_the_official_verifier_refuses_a_changed_body_and_an_older_delivery_under_the_new_secret(self):
        changed = node(NPM / "verify.mjs", deliveries=self.deliveries(body=lambda body: body + b" "))
        older = node(NPM / "verify.mjs", deliveries=self.deliveries(which=1, received=self.receiver.all()[:2]))
        self.assertEqual(set(changed + older), {"No matching signature found"})

    def test_the_package_for_node_accepts_every_delivery(self):
        program = pathlib.Path(self.directory.name) / "verify.mjs"
        program.write_text(NODE)
        self.assertEqual(node(program, deliveries=self.deliveries()), ["standard"] * 4)

    def test_the_package_for_python_accepts_every_delivery_in_both_forms(self):
        for one in self.receiver.all():
            for form in ("standard", "v2"):
                self.assertEqual(signpost_webhooks.verify(one.headers, one.body, self.secrets[0], accept=[form]).form, form)

    def test_the_command_accepts_every_delivery(self):
        for number, one in enumerate(self.receiver.all()):
            headers = pathlib.Path(self.directory.name) / f"headers-{number}"
            headers.write_text("".join(f"{name}: {value}\n" for name, value in one.headers.items()))
            said = self.server.run("webhook", "verify", "--headers", headers, stdin=one.body.decode(), env={"SIGNPOST_SECRET": self.secrets[0]}).stdout
            self.assertIn("genuine: the standard signature is right", said)


class Types(unittest.TestCase):
    def test_the_types_of_the_package_for_node_are_what_its_users_write(self):
        compiler = NPM / "node_modules/typescript/bin/tsc"
        if not compiler.exists():
            self.fail("tests/npm/node_modules is not there: ./dev setup installs it from npm (npm ci in tests/npm); this test is never skipped")
        done = subprocess.run(["node", compiler, "--noEmit", "-p", NPM / "tsconfig.json"], capture_output=True, text=True, timeout=120, env=os.environ, check=False)
        self.assertEqual(done.stdout + done.stderr, "")


if __name__ == "__main__":
    unittest.main()
