#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our own certificate authority, held against lego: what tests our client must not merely agree with it."""

import pathlib
import subprocess
import tempfile
import unittest

from cryptography import x509

from harness.authority import Authority
from harness.lego import TxtRelay, run_lego
from harness.pebble import ChallengeServer
from harness.process import Failed


class OurAuthority(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="signpost-authority-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.challenges = ChallengeServer(self.folder / "challenges").start()
        self.addCleanup(self.challenges.stop)
        self.authority = Authority(self.folder, resolver=self.challenges.address).start()
        self.addCleanup(self.authority.stop)
        self.relay = TxtRelay(self.challenges)
        self.addCleanup(self.relay.stop)

    def lego(self, *names):
        return run_lego(self.folder / "lego", self.authority.directory_url, names, self.relay)

    def test_lego_gets_a_certificate_for_a_name_and_its_wildcard(self):
        leaf = x509.load_pem_x509_certificate(self.lego("shop.example", "*.shop.example").encode())
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
        self.assertEqual(set(names), {"shop.example", "*.shop.example"})
        self.assertEqual(self.authority.state()["serials"], [f"{leaf.serial_number:016x}"])

    def test_lego_understands_what_it_is_refused(self):
        self.authority.choose(fails_validation={"shop.example": "caa"})
        with self.assertRaises(subprocess.CalledProcessError) as failed:
            self.lego("shop.example")
        self.assertIn("urn:ietf:params:acme:error:caa", failed.exception.stderr)

    def test_lego_survives_refused_nonces_and_authorities_that_take_their_time(self):
        self.authority.choose(bad_nonces=2, looks_while_validating=1, looks_while_processing=1, retry_after="1")
        self.assertIn("BEGIN CERTIFICATE", self.lego("shop.example"))

    def test_refuses_choices_that_it_does_not_have(self):
        with self.assertRaises(Failed):
            self.authority.choose(is_nice=True)


if __name__ == "__main__":
    unittest.main()
