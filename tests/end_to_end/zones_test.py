#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each file of tests/zones is a broken or odd zone, served by real servers and odd ones; `signpost dns observe` must name cause and fix.

    zones_test.py                   every zone
    zones_test.py -k doubled        those with "doubled" in their name, in about two seconds
    zones_test.py -k doubled --show the same, with the whole answer
    zones_test.py -k doubled --run 'dig @127.0.0.1 www.doubled.example CNAME'    a command inside the world (or a shell: --run bash)
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness import dns_zones  # noqa: E402
from harness.causes import CODES, NOT_FROM_OUTSIDE, PLAIN, WITHOUT_EVIDENCE  # noqa: E402
from harness.signpost import BINARY  # noqa: E402

ZONES = HERE.parent / "zones"
AT_ONCE = 8
# A look has 5 s (Observer's look_max), whatever the servers do; the rest is for a machine that is busy with eight of them.
SECONDS_MAX = 5.5
options = argparse.Namespace(only=os.environ.get("SIGNPOST_ZONES"), show=False, run=None)


class Look:
    """What the program said about one story."""

    def __init__(self, story):
        self.story = story
        started = time.monotonic()
        done = subprocess.run([BINARY, "dns", "observe", *story.command_line()], capture_output=True, text=True, timeout=60, check=False)
        self.seconds = time.monotonic() - started
        self.status, self.output, self.errors = done.returncode, done.stdout, done.stderr
        try:
            observation = json.loads(self.output)
            self.record, self.took = observation["records"][0], observation["took_ms"] / 1000
        except (ValueError, KeyError, IndexError):
            self.record = None
        # Afterwards, so that the look met servers and caches as the story left them.
        self.untrue = [problem for line in story.witness if (problem := dns_zones.check_witness(story, line))]

    def codes(self):
        return [cause["code"] for cause in self.record.get("causes", [])]

    def problems(self):
        """Each a sentence: what the story expects, and what was said instead."""
        if self.record is None:
            return [f"no JSON came, exit status {self.status}: {self.errors.strip()[-300:] or self.output[-300:]}"]
        return list(self.find_problems(self.story.expect))

    def find_problems(self, expect):
        record, codes = self.record, self.codes()
        propagated = expect.get("propagated")
        if propagated is not None and record["propagated"] != propagated:
            yield f"propagated is {record['propagated']}"
        if propagated is not None and (self.status == 0) != propagated:
            yield f"exit status is {self.status}"
        if self.took > expect.get("seconds_max", SECONDS_MAX):
            yield f"the look took {self.took:.1f} s"
        # "serials_lag/servers_disagree": either may come first.
        decisive = expect.get("cause", "").split("/")
        first = next((code for code in codes if code in decisive), decisive[0])
        if record["propagated"] and record["cause"] != "":
            yield f"it has propagated, but `cause` is {record['cause']}"
        if not record["propagated"] and record["cause"] != (codes or [record["cause"]])[0]:
            yield f"`cause` is {record['cause']}, the first of `causes` is {codes[0]}"
        if first:
            yield from self.find_problems_of_first(first, expect)
        wanted = {first, *expect.get("causes", [])} - {""}
        for code in sorted(wanted - set(codes) - {first}):
            yield f"{code} is not among the causes"
        # What is merely absent may be said after what explains it.
        allowed = wanted | {*decisive, *expect.get("allowed", [])} | (PLAIN if first and not record["propagated"] else set())
        for code in codes:
            if code not in allowed:
                yield f"{code} is not so: {self.cause(code).get('text', '')}"
        for cause in record.get("causes", []):
            yield from self.find_problems_of_form(cause)

    def find_problems_of_first(self, first, expect):
        codes = self.codes() or [self.record["cause"]]
        if codes[0] != first:
            yield f"the first cause is {codes[0] or 'none'}"
        cause = self.cause(first)
        if not cause:
            if codes[0] == first:
                yield "it has no `causes` with weight and fix"
            return
        weight = expect.get("weight", CODES[first])
        if cause.get("weight") not in (weight if isinstance(weight, list) else weight.split("/")):
            yield f"{first} {cause.get('weight')}, it should be {weight}"
        for member in ("fix", "text"):
            texts = expect.get(member, [])
            for text in [texts] if isinstance(texts, str) else texts:
                if text not in cause.get(member, ""):
                    yield f"the {member} does not say {text!r}: {cause.get(member)!r}"
        texts = expect.get("fix_not", [])
        for text in [texts] if isinstance(texts, str) else texts:
            if text in cause.get("fix", ""):
                yield f"the fix must not say {text!r}: {cause.get('fix')!r}"
        said = " ".join(f"{e.get('server')} {e.get('address')} {e.get('said')}" for e in cause.get("evidence", []))
        texts = expect.get("evidence", [])
        for text in [texts] if isinstance(texts, str) else texts:
            if text not in said:
                yield f"the evidence does not say {text!r}: {said!r}"

    def find_problems_of_form(self, cause):
        code = cause.get("code", "")
        if code not in CODES:
            yield f"{code!r} is no code of ours"
        elif cause.get("weight") not in CODES[code].split("/") and code not in self.story.expect.get("cause", "").split("/"):
            yield f"{code} {cause.get('weight')}, but it should be {CODES[code]}"
        for member in ("text", "fix"):
            if not cause.get(member):
                yield f"{code} has no {member}"
        if not cause.get("evidence") and code not in WITHOUT_EVIDENCE:
            yield f"{code} has no evidence"
        for evidence in cause.get("evidence", []):
            missing = {"server", "address", "said", "at"} - evidence.keys()
            if missing:
                yield f"{code} has evidence without {', '.join(sorted(missing))}"

    def cause(self, code):
        return next((cause for cause in self.record.get("causes", []) if cause["code"] == code), {})

    def got(self):
        if self.record is None:
            return "no answer"
        return ", ".join(self.codes() or [self.record["cause"] or "-"]) + (" (propagated)" if self.record["propagated"] else "")


def expected(story):
    expect = story.expect
    end = {True: " (propagated)", False: "", None: " (either)"}[expect.get("propagated")]
    return ", ".join([expect.get("cause") or "-", *expect.get("causes", [])]) + end


class ZonesTest(unittest.TestCase):
    """One test a file; the looks run AT_ONCE at a time, the tests wait for theirs."""

    stories, failures_seen = [], []

    @classmethod
    def setUpClass(cls):
        if os.environ.get(dns_zones.INSIDE) != "yes":
            raise unittest.SkipTest("needs a network of its own: run this file as a program")
        if not os.access(BINARY, os.X_OK):
            raise AssertionError(f"{BINARY} is not there: build it, or name it in SIGNPOST_BINARY")
        directory = tempfile.TemporaryDirectory(prefix="signpost-zones-")
        cls.addClassCleanup(directory.cleanup)
        started = time.monotonic()
        cls.world = dns_zones.World(pathlib.Path(directory.name) / "world", dns_zones.load(ZONES, options.only)).start()
        cls.addClassCleanup(cls.world.stop)
        print(f"{len(cls.world.zones)} zones at {len(cls.world.servers())} real and {len(cls.world.odd)} odd servers, ready in {time.monotonic() - started:.1f} s", file=sys.stderr)
        pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
        cls.addClassCleanup(pool.shutdown)
        cls.looks = {story.stem: pool.submit(Look, story) for story in cls.world.stories if story.look}

    @classmethod
    def tearDownClass(cls):
        if cls.failures_seen:
            print("\n" + "\n".join(["file".ljust(37) + "expected".ljust(44) + "got", *cls.failures_seen]), file=sys.stderr)

    def check(self, stem):
        look = self.looks[stem].result()
        if options.show:
            print(f"\n{look.story.path.name}: {look.seconds:.2f} s, signpost dns observe {' '.join(look.story.command_line())}", file=sys.stderr)
            print(json.dumps(look.record, indent=2, ensure_ascii=False) if look.record else look.output + look.errors, file=sys.stderr)
        if look.untrue:
            self.fail("the world is not as the story says:\n  " + "\n  ".join(look.untrue))
        problems = look.problems()
        if problems:
            explanation = look.record["explanation"] if look.record else ""
            self.failures_seen.append(f"{stem:37}{expected(look.story):44}{look.got()}" + "".join(f"\n{'':37}{p}" for p in problems) + f"\n{'':37}“{explanation}”")
            self.fail("; ".join(problems))


class StoriesTest(unittest.TestCase):
    """The files themselves."""

    def test_every_cause_that_can_be_seen_from_outside_has_a_zone(self):
        told = {code for story in dns_zones.load(ZONES) for code in (*story.expect.get("cause", "").split("/"), *story.expect.get("causes", []))}
        self.assertFalse(CODES.keys() - told - NOT_FROM_OUTSIDE.keys(), "causes without a zone")

    def test_every_file_tells_its_story(self):
        for story in dns_zones.load(ZONES):
            with self.subTest(story.stem):
                self.assertGreater(len(story.members.get("story", "")), 50)
                self.assertTrue(story.members.get("source") or not story.look)
                expect = story.expect
                unknown = expect.keys() - {"propagated", "cause", "causes", "allowed", "weight", "fix", "fix_not", "text", "evidence", "seconds_max"}
                self.assertFalse(unknown)
                for code in {*expect.get("cause", "").split("/"), *expect.get("causes", []), *expect.get("allowed", [])} - {""}:
                    self.assertIn(code, CODES)

    def test_enough_zones_and_enough_healthy_ones(self):
        stories = [story for story in dns_zones.load(ZONES) if story.look]
        self.assertGreaterEqual(len(stories), 85)
        self.assertGreaterEqual(sum(not s.expect.get("cause") and s.expect.get("propagated") is True for s in stories), 20)


def make_tests():
    for path in sorted(ZONES.glob("*.toml")):
        if (options.only is None or options.only in path.stem) and "[look]" in path.read_text(encoding="utf-8"):
            setattr(ZonesTest, f"test_{path.stem}", lambda self, stem=path.stem: self.check(stem))


def run_inside(command):
    with tempfile.TemporaryDirectory(prefix="signpost-zones-") as directory:
        world = dns_zones.World(pathlib.Path(directory) / "world", dns_zones.load(ZONES, options.only)).start()
        try:
            addresses = [f"{odd.label} {odd.address}" for odd in world.odd]
            print("resolver 127.0.0.1, " + ", ".join([*(f"{make} {net}.1" for make, net in dns_zones.REAL.items()), *addresses]), file=sys.stderr)
            return subprocess.run(command, shell=True, check=False, env={**os.environ, "SIGNPOST_BINARY": BINARY}).returncode
        finally:
            world.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", dest="only", default=options.only, metavar="TEXT")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--run", metavar="COMMAND")
    options, rest = parser.parse_known_args()
    dns_zones.enter_private_network()
    if options.run:
        sys.exit(run_inside(options.run))
    make_tests()
    # With -k only the zones: the files as a whole are for the whole run.
    unittest.main(argv=[sys.argv[0], *rest], defaultTest="ZonesTest" if options.only else None)
else:
    make_tests()
