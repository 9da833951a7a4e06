# SPDX-License-Identifier: Apache-2.0
"""The way to Amazon's certificate with kill -9 at every job step, on bad days of AWS and of DNS, and with a disconnection in the middle; asserted by what the
servers hold."""

import collections
import os
import random
import tempfile
import threading
import unittest

from harness.cloudfront import UPGRADE_S, Shop, World, assert_upgraded
from harness.process import wait_until

KILLS_MIN = int(os.environ.get("SIGNPOST_CLOUDFRONT_KILLS", "30"))
PAUSE_S = 0.02


class Killer(threading.Thread):
    """Kills Signpost and starts it again: by chance in the middle of what it asks of AWS, and after each step that it has saved."""

    def __init__(self, world, shops, seed):
        super().__init__(daemon=True)
        self.world, self.shops, self.chance, self.ending = world, shops, random.Random(seed), threading.Event()
        self.kills, self.where, self.seen, self.steps, self.trouble = 0, collections.Counter(), 0, {}, None

    def run(self):
        try:
            while not self.ending.wait(PAUSE_S):
                self.watch()
        except Exception as error:  # noqa: BLE001: told to the test, which waits for it
            self.trouble = error

    def watch(self):
        log = self.world.aws.state()["log"]
        if len(log) > self.seen:
            self.seen = len(log)
            # Not at every call: an act of two calls would never be done.
            if self.chance.random() < 0.5:
                return self.kill("in " + log[-1]["operation"])
        for shop in self.shops:
            row = shop.detail()["distribution"]
            step = (row["setup"]["state"], row["upgrade"]["state"])
            if self.steps.get(shop.host) != step:
                self.steps[shop.host] = step
                return self.kill("after " + "/".join(step))
        return None

    def kill(self, where):
        self.where[where] += 1
        self.kills += 1
        self.world.server.kill()
        self.world.server.start()


def patiently(what):
    """A call while Signpost may be dead for a moment."""
    def answered():
        try:
            return [what()]
        except Exception:  # noqa: BLE001: whatever a connection that was cut gives
            return None

    return wait_until(answered, "an answer", 60)[0]


class PatientShop(Shop):
    def domain(self, *arguments, **more):
        return patiently(lambda: super(PatientShop, self).domain(*arguments, **more))

    def detail(self):
        return patiently(super().detail)


class CloudFrontCrash(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="signpost-cloudfront-crash-")
        self.addCleanup(directory.cleanup)
        self.world = World(directory.name)
        self.addCleanup(self.world.stop)
        self.world.start()

    def shop(self, label):
        shop = PatientShop(self.world, label)
        self.assertEqual(shop.connection.status, 201, shop.connection)
        return shop

    def faults(self, *faults):
        self.world.aws.control("faults", faults=list(faults))

    def test_kill_9_at_every_step_leads_to_the_same_end(self):
        seed = int(os.environ.get("SIGNPOST_SEED", random.randrange(1 << 30)))
        print(f"seed {seed} (SIGNPOST_SEED repeats it)")
        shops = [self.shop(label) for label in ("one", "two", "three")]
        killer = Killer(self.world, shops, seed)
        killer.start()
        self.addCleanup(killer.ending.set)
        for shop in shops:
            shop.prove()
        for shop in shops:
            wait_until(lambda shop=shop: shop.is_at("SSL_VALIDATED"), f"SSL_VALIDATED of {shop.host}", 180, pause=0.5)
        for shop in shops:
            shop.add_validation()
            shop.switch()
        for shop in shops:
            wait_until(lambda shop=shop: shop.is_upgrade("upgraded"), f"the upgrade of {shop.host}", 2 * UPGRADE_S, pause=1)
        killer.ending.set()
        killer.join(60)
        self.assertIsNone(killer.trouble)
        print(f"{killer.kills} kills: {dict(killer.where)}")
        for shop in shops:
            assert_upgraded(self, shop)
        self.assertEqual(len(self.world.aws.state()["distributions"]), len(shops), "nothing was made twice")
        self.assertEqual(len(self.world.aws.state()["certificates"]), len(shops))
        self.assertGreaterEqual(killer.kills, KILLS_MIN)

    def test_bad_days_lead_to_the_same_end_or_are_said(self):
        shops = {label: self.shop(label) for label in ("changed", "vanished", "failed", "leaving")}
        self.faults({"operation": "*", "code": "ThrottlingException", "strange": True, "times": 3})
        for shop in shops.values():
            shop.prove()
        for shop in shops.values():
            wait_until(lambda shop=shop: shop.is_at("SSL_VALIDATED"), f"SSL_VALIDATED of {shop.host}", 120, pause=0.5)
        # Somebody else changes a distribution between our read and our write, twice; CloudFront does not know a new certificate; ACM lists an old use.
        # And Amazon takes its time to validate.
        self.world.aws.control("settings", interferences=2, validation_lag=10_000_000)
        self.faults({"operation": "UpdateDistribution", "code": "InvalidViewerCertificate", "times": 2},
                    {"operation": "DeleteCertificate", "code": "ResourceInUseException", "times": 1})
        for shop in shops.values():
            shop.add_validation()
            shop.switch()
        vanished, failed, leaving = shops["vanished"], shops["failed"], shops["leaving"]
        # Amazon's validation fails; a customer goes; another takes the record away while Amazon validates.
        imported = leaving.distribution()["certificate"]
        refused = failed.upgrade()["certificate_arn"]
        self.world.aws.control("fail", arn=refused, reason="CAA_ERROR")
        self.assertEqual(leaving.domain("POST", "mark-disconnect-complete").json["proxy_status"], "DISCONNECTED")
        wait_until(lambda: leaving.is_upgrade("ended"), "the end of what was under way", 60, pause=0.5)
        self.assertEqual(leaving.distribution()["certificate"], imported)
        self.assertEqual([one["type"] for one in leaving.certificates()], ["IMPORTED"], "Amazon's request is taken back")
        self.assertIn("disconnected before the swap", leaving.job("certificate_upgrade")["outcome"])

        wait_until(lambda: vanished.is_upgrade("validating"), "Amazon to validate", 120, pause=0.5)
        vanished.publish(validation=None)
        proxy = wait_until(lambda: (lambda one: one if one["attention"] else None)(vanished.proxy()), "attention", 120, pause=0.5)
        self.assertEqual(proxy["attention"]["cause"], "certificate_edge_record_missing")
        self.assertIn(vanished.upgrade()["validation_record"]["name"], proxy["certificate_upgrade"]["missing"])
        self.assertEqual([one["type"] for one in vanished.certificates() if one["arn"] == vanished.distribution()["certificate"]], ["IMPORTED"])
        vanished.add_validation()
        self.world.aws.control("settings", validation_lag=30)
        self.assertEqual(self.world.server.v1("POST", f"/connections/{vanished.connection.json['id']}/check").status, 202)
        for shop in (shops["changed"], vanished, failed):
            wait_until(lambda shop=shop: shop.is_upgrade("upgraded"), f"the upgrade of {shop.host}", UPGRADE_S, pause=1)
            assert_upgraded(self, shop)
            self.assertIsNone(shop.proxy()["attention"])
        self.assertNotEqual(failed.upgrade()["certificate_arn"], refused)


if __name__ == "__main__":
    unittest.main()
