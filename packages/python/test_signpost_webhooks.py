# SPDX-License-Identifier: Apache-2.0
"""The shared vectors, and what is Python's own."""

import base64
import json
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import signpost_webhooks  # noqa: E402
from signpost_webhooks import ReplayGuard, VerificationError, verify  # noqa: E402

VECTORS = json.loads((HERE / "../../tests/vectors/webhooks.json").read_text(encoding="utf-8"))


def body_of(vector):
    return vector["body"].encode() if "body" in vector else base64.b64decode(vector["body_base64"])


def run(vector, **more):
    return verify(vector["headers"], body_of(vector), vector["secrets"], **{"accept": vector["accept"], "now": vector["now"], **more})


def vector_named(name):
    return next(one for one in VECTORS["verifications"] if one["name"] == name)


class Vectors(unittest.TestCase):
    def test_every_verification_finds_what_the_vectors_say(self):
        for vector in VECTORS["verifications"]:
            with self.subTest(vector["name"]):
                if vector["expect"]["ok"]:
                    webhook = run(vector)
                    self.assertEqual({"ok": True, "form": webhook.form, "id": webhook.id, "timestamp": webhook.timestamp, "replay_key": webhook.replay_key},
                                     vector["expect"])
                else:
                    with self.assertRaises(VerificationError) as caught:
                        run(vector)
                    self.assertEqual({"ok": False, "part": caught.exception.part}, vector["expect"], str(caught.exception))

    def test_every_whole_delivery_is_genuine(self):
        for vector in VECTORS["deliveries"]:
            with self.subTest(vector["name"]):
                self.assertEqual(verify(vector["headers"], vector["body"], vector["secret"], now=vector["now"]).form, "standard")
                v2 = "v2_hmac" if vector["v2"] == "hmac" else "v2"
                self.assertEqual(verify(vector["headers"], vector["body"], vector["secret"], now=vector["now"], accept=[v2]).form, v2)

    def test_the_vector_that_standard_webhooks_publishes_is_genuine(self):
        one = VECTORS["standard_webhooks_published"]
        headers = {"webhook-id": one["id"], "webhook-timestamp": one["timestamp"], "webhook-signature": one["signature"]}
        self.assertEqual(verify(headers, one["body"], one["secret"], now=int(one["timestamp"])).id, one["id"])

    def test_they_are_what_their_program_writes(self):
        sys.path.insert(0, str(HERE / "../../tests/vectors"))
        import make_webhooks
        self.assertEqual(make_webhooks.genuine() + make_webhooks.wrong(), VECTORS["verifications"])

    def test_no_message_holds_a_secret(self):
        for vector in VECTORS["verifications"]:
            if not vector["expect"]["ok"]:
                with self.assertRaises(VerificationError) as caught:
                    run(vector)
                for secret in {secret.strip() for secret in vector["secrets"]} - {"", "whsec_"}:
                    self.assertNotIn(secret, str(caught.exception))


class Headers(unittest.TestCase):
    def test_are_pairs_a_mapping_or_a_mapping_of_lists(self):
        vector = vector_named("all headers")
        pairs = [tuple(pair) for pair in vector["headers"]]
        for headers in (pairs, dict(pairs), {name: [value] for name, value in pairs}):
            self.assertEqual(run({**vector, "headers": headers}).form, "standard")

    def test_that_come_twice_in_a_list_are_refused(self):
        vector = vector_named("all headers")
        headers = {name: [value, value] if name == "webhook-id" else value for name, value in vector["headers"]}
        with self.assertRaisesRegex(VerificationError, "more than once"):
            run({**vector, "headers": headers})


class Use(unittest.TestCase):
    def test_a_parsed_body_is_a_mistake_of_the_caller(self):
        with self.assertRaisesRegex(TypeError, "raw bytes"):
            verify({}, {"id": "x"}, "secret")

    def test_an_unknown_form_is_a_mistake_of_the_caller(self):
        with self.assertRaisesRegex(ValueError, "v3"):
            verify({}, b"", "secret", accept=["v3"])

    def test_the_clock_is_the_systems_unless_one_is_given(self):
        with self.assertRaises(VerificationError) as caught:
            run(vector_named("all headers"), now=None)
        self.assertEqual(caught.exception.part, "timestamp")

    def test_a_nested_body_without_end_is_no_json(self):
        vector = vector_named("the Entri headers alone")
        with self.assertRaises(VerificationError) as caught:
            run({**vector, "body": "[" * 100000})
        self.assertEqual(caught.exception.part, "body")

    def test_half_a_surrogate_pair_is_no_id_that_was_signed(self):
        vector = vector_named("the Entri headers alone")
        with self.assertRaises(VerificationError):
            run({**vector, "body": '{"id":"\\ud800"}'})

    def test_only_so_many_secrets_and_signatures_are_read(self):
        vector = vector_named("all headers")
        with self.assertRaises(VerificationError):
            run({**vector, "secrets": ["other"] * signpost_webhooks.SECRETS_TRIED_MAX + vector["secrets"]})
        filled = [[n, "v1," + "A" * 43 + "= " + (("v1," + "A" * 43 + "= ") * signpost_webhooks.SIGNATURES_READ_MAX + v)] if n == "webhook-signature" else [n, v]
                  for n, v in vector["headers"]]
        with self.assertRaises(VerificationError):
            run({**vector, "headers": filled})


class Replays(unittest.TestCase):
    def test_the_same_webhook_again_is_a_replay(self):
        guard, vector = ReplayGuard(), vector_named("all headers")
        run(vector, replay_guard=guard)
        with self.assertRaises(VerificationError) as caught:
            run(vector, replay_guard=guard)
        self.assertEqual(caught.exception.part, "replay")

    def test_what_is_not_genuine_never_reaches_the_guard(self):
        guard = ReplayGuard()
        with self.assertRaises(VerificationError):
            run(vector_named("another secret"), replay_guard=guard)
        self.assertEqual(len(guard), 0)

    def test_a_key_is_forgotten_once_its_timestamp_cannot_be_fresh(self):
        guard = ReplayGuard()
        self.assertTrue(guard.is_new("a", 1000))
        self.assertFalse(guard.is_new("a", 1360))
        self.assertTrue(guard.is_new("a", 1361))

    def test_a_webhook_is_remembered_to_the_end_of_its_last_second(self):
        guard, vector, at = ReplayGuard(), vector_named("all headers"), 1800000000
        run(vector, now=at - 59.9, replay_guard=guard)
        for now in (at + 299.95, at + 300, at + 300.5, at + 300.99):
            with self.assertRaises(VerificationError) as caught:
                run(vector, now=now, replay_guard=guard)
            self.assertEqual(caught.exception.part, "replay", now)

    def test_a_webhook_is_remembered_for_as_long_as_it_would_be_accepted(self):
        guard, vector, at = ReplayGuard(), vector_named("all headers"), 1800000000
        for now, part in ((at - 120, None), (at + 3600, "replay"), (at + 3601, "timestamp")):
            try:
                run(vector, now=now, max_age_seconds=3600, max_future_seconds=120, replay_guard=guard)
                seen = None
            except VerificationError as error:
                seen = error.part
            self.assertEqual(seen, part, now)

    def test_the_oldest_goes_when_it_is_full(self):
        guard = ReplayGuard(entries_max=3)
        for key in "abcd":
            guard.is_new(key, 1000)
        self.assertEqual(len(guard), 3)
        self.assertFalse(guard.is_new("d", 1000))
        self.assertTrue(guard.is_new("a", 1000))


class Readme(unittest.TestCase):
    def test_its_example_runs(self):
        text = (HERE / "README.md").read_text(encoding="utf-8")
        example = text.split("```python\n")[1].split("```")[0]
        done = subprocess.run([sys.executable, "-c", example], cwd=HERE, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("domain.added", done.stdout)


if __name__ == "__main__":
    unittest.main()
