#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The verifier is held against published constants and against the vectors that the C++ tests read too."""

import json
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import verify_entri  # noqa: E402

with open(os.path.join(HERE, "..", "vectors", "webhooks.json"), encoding="utf-8") as _file:
    VECTORS = json.load(_file)


def headers_of(vector):
    return {name.lower(): value for name, value in vector["headers"]}


def check(vector, **changes):
    given = {"secret": vector["secret"], "headers": headers_of(vector), "body": vector["body"].encode(),
             "now": vector["now"], "v1": vector["v1"], "v2": vector["v2"]}
    given.update(changes)
    return verify_entri.verify(**given)


class PublishedConstants(unittest.TestCase):
    def test_the_standard_webhooks_vector_of_the_specification_verifies(self):
        vector = VECTORS["standard_webhooks_published"]
        signature = verify_entri.sign_standard(vector["secret"], vector["id"], vector["timestamp"], vector["body"].encode())
        self.assertEqual("v1," + signature, vector["signature"])
        self.assertTrue(verify_entri.verify_standard(vector["secret"], vector["id"], vector["timestamp"], "v1a,AAAA " + vector["signature"],
                                                     vector["body"].encode(), now=int(vector["timestamp"])))

    def test_the_recipes_of_the_page_verify_their_constants(self):
        for vector in VECTORS["recipes"]:
            with self.subTest(secret=vector["secret"]):
                now = int(vector["timestamp"])
                self.assertTrue(verify_entri.verify_webhook_signature(vector["id"], vector["secret"], vector["v1"]))
                self.assertTrue(verify_entri.verify_webhook_signature_of_body(vector["body"].encode(), vector["secret"], vector["v1_of_body"]))
                self.assertTrue(verify_entri.validate_entri_signature_v2(vector["id"], vector["secret"], vector["v2"], vector["timestamp"], now=now))
                self.assertTrue(verify_entri.validate_entri_signature_v2_hmac(vector["id"], vector["secret"], vector["v2_hmac"],
                                                                              vector["timestamp"], now=now))
                self.assertEqual(vector["standard"], verify_entri.sign_standard(vector["secret"], vector["event_id"], vector["timestamp"],
                                                                                vector["body"].encode()))


class WholeDeliveries(unittest.TestCase):
    def test_every_delivery_of_the_vectors_passes_every_check(self):
        for vector in VECTORS["deliveries"]:
            with self.subTest(name=vector["name"]):
                results = check(vector)
                self.assertTrue(all(results.values()), results)

    def test_a_changed_byte_of_the_body_fails_standard_webhooks_but_not_v2(self):
        vector = VECTORS["deliveries"][0]
        results = check(vector, body=vector["body"].replace("success", "failed ", 1).encode())
        self.assertFalse(results["webhook-signature"])
        self.assertTrue(results["Entri-Signature-V2"])

    def test_another_secret_fails_every_signature(self):
        results = check(VECTORS["deliveries"][0], secret="whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        self.assertFalse(results["Entri-Signature-V2"])
        self.assertFalse(results["Entri-Signature"])
        self.assertFalse(results["webhook-signature"])

    def test_five_minutes_are_fresh_and_a_second_more_is_stale(self):
        vector = VECTORS["deliveries"][0]
        signed_at = int(headers_of(vector)["entri-timestamp"])
        self.assertTrue(all(check(vector, now=signed_at + 300).values()))
        stale = check(vector, now=signed_at + 301)
        self.assertFalse(stale["Entri-Signature-V2"])
        self.assertFalse(stale["webhook-signature"])
        self.assertFalse(check(vector, now=signed_at - 61)["webhook-signature"])

    def test_a_missing_or_garbled_header_fails_its_check_alone(self):
        vector = VECTORS["deliveries"][0]
        for header, what in (("entri-signature-v2", "Entri-Signature-V2"), ("webhook-signature", "webhook-signature")):
            headers = headers_of(vector)
            headers[header] = "garbage"
            self.assertEqual([name for name, passed in check(vector, headers=headers).items() if not passed], [what])
            del headers[header]
            self.assertEqual([name for name, passed in check(vector, headers=headers).items() if not passed], [what])

    def test_id_may_be_spelled_with_a_capital(self):
        self.assertEqual(verify_entri.webhook_id_of({"Id": "x"}), "x")
        self.assertIsNone(verify_entri.webhook_id_of({"ID": "x"}))

    def test_a_body_that_is_no_object_is_refused(self):
        for body in (b"", b"[1]", b"{", b"\xff"):
            self.assertEqual(check(VECTORS["deliveries"][0], body=body), {"body is a JSON object": False})


class Payloads(unittest.TestCase):
    def setUp(self):
        self.payload = json.loads(next(v for v in VECTORS["deliveries"] if v["name"] == "added")["body"])

    def test_the_vector_has_no_problem(self):
        self.assertEqual(verify_entri.payload_problems(self.payload), [])

    def test_what_the_page_does_not_know_is_a_problem(self):
        for change, words in (({"type": "domain.gone"}, "unknown type"), ({"dkim_status": "maybe"}, "value of dkim_status"),
                              ({"dmarc_updated": True}, "value of dmarc_updated"), ({"data": {}}, "not an array"),
                              ({"updated_objects": ["nothing"]}, "absent member"), ({"type": "domain.flow.completed"}, "no propagation status"),
                              ({"type": "domain.propagation.timeout"}, "not failed"), ({"id": ""}, "member missing: id")):
            with self.subTest(change=change):
                problems = verify_entri.payload_problems({**self.payload, **change})
                self.assertTrue(any(words in problem for problem in problems), problems)

    def test_another_order_of_members_is_a_problem(self):
        turned = dict(reversed(list(self.payload.items())))
        self.assertTrue(any("out of order" in problem for problem in verify_entri.payload_problems(turned)))


class CommandLine(unittest.TestCase):
    def run_on(self, vector, body):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "headers"), "w", encoding="utf-8") as file:
                file.write("POST /hook HTTP/1.1\n" + "".join("%s: %s\n" % (name, value) for name, value in vector["headers"]))
            with open(os.path.join(folder, "body"), "wb") as file:
                file.write(body)
            with open(os.devnull, "w", encoding="utf-8") as silence:
                before, sys.stdout = sys.stdout, silence
                try:
                    return verify_entri.main(["--secret", vector["secret"], "--headers", os.path.join(folder, "headers"), "--body",
                                              os.path.join(folder, "body"), "--now", str(vector["now"]), "--v1", vector["v1"],
                                              "--v2", vector["v2"]])
                finally:
                    sys.stdout = before

    def test_exit_status_says_whether_all_passed(self):
        for vector in VECTORS["deliveries"]:
            self.assertEqual(self.run_on(vector, vector["body"].encode()), 0, vector["name"])
        vector = VECTORS["deliveries"][0]
        self.assertEqual(self.run_on(vector, vector["body"].encode() + b" "), 1)

    def test_a_header_given_twice_cannot_be_read(self):
        vector = dict(VECTORS["deliveries"][0])
        vector["headers"] = vector["headers"] + [vector["headers"][0]]
        before, sys.stderr = sys.stderr, open(os.devnull, "w", encoding="utf-8")
        try:
            self.assertEqual(self.run_on(vector, vector["body"].encode()), 2)
        finally:
            sys.stderr.close()
            sys.stderr = before


if __name__ == "__main__":
    unittest.main()
