# SPDX-License-Identifier: Apache-2.0
"""A connection that CloudFront serves, from its creation to Amazon's own certificate: real DNS servers, Pebble, and the AWS of tests/aws; asserted by
what the servers hold."""

import tempfile
import unittest

from harness.cloudfront import GATEWAYS, UPGRADE_S, Shop, World, assert_upgraded
from harness.process import wait_until


class CloudFrontTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="signpost-cloudfront-")
        cls.addClassCleanup(directory.cleanup)
        cls.world = World(directory.name)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()

    def shop(self, label, **members):
        shop = Shop(self.world, label, **members)
        self.assertEqual(shop.connection.status, 201, shop.connection)
        return shop

    # ── the walk ──────────────────────────────────────────────────────────────────────────────────────────────────

    def test_from_creation_to_amazons_certificate(self):
        shop = self.shop("walk")
        self.assertEqual(shop.connection.json["records"], [])
        wait_until(lambda: shop.proxy()["cloudfront_domain"], "the distribution", 60, pause=0.2)
        config = shop.distribution()["config"]
        self.assertIn("walk.hosting.example", config)
        self.assertIn("org-walk.pages.saas.example", config)
        for path in ("/ai/*", "/llms.txt", "/robots.txt", "/sitemap.xml", "/search-company.txt"):
            self.assertIn(path, config)
        shop.prove()
        completed = wait_until(lambda: (lambda answer: answer if answer.status == 200 else None)(shop.domain("POST", "complete-certificate")), "the certificate", 90)
        self.assertEqual(completed.json["proxy_status"], "SSL_VALIDATED")
        self.assertTrue(shop.distribution()["is_deployed"], "the traffic may be switched once every edge has the certificate")
        imported = shop.distribution()["certificate"]
        self.assertEqual(completed.json["certificate_arn"], imported)
        held = next(one for one in shop.certificates() if one["arn"] == imported)
        self.assertEqual(held["type"], "IMPORTED")
        self.assertEqual(shop.distribution()["aliases"], ["walk.shop.example"])
        shop.add_validation()
        proxy = shop.proxy()
        self.assertEqual(proxy["distribution_id"], shop.distribution()["id"])
        self.assertEqual(proxy["origin_cname"], "walk.hosting.example")
        by_purpose = {record["purpose"]: record for record in shop.detail()["records"]}
        self.assertEqual(by_purpose["traffic"]["value"], proxy["cloudfront_domain"])
        self.assertEqual(by_purpose["certificate_validation"]["value"], proxy["acm_validation_record"]["value"])
        self.assertEqual(shop.switch().json["proxy_status"], "DEPLOYED")
        self.assertEqual(shop.distribution()["certificate"], imported, "what serves stays until Amazon's is there")
        wait_until(lambda: shop.is_upgrade("upgraded"), "the upgrade", UPGRADE_S, pause=1)
        assert_upgraded(self, shop)
        self.assertIsNone(shop.proxy()["certificate_upgrade"]["missing"])
        self.assertIsNone(shop.proxy()["attention"])
        certificate = next(one for one in self.world.server.v1("GET", "/certificates").json["data"] if one["connection"] == shop.connection.json["id"])
        renewed = self.world.server.v1("POST", f"/certificates/{certificate['id']}/renew")
        self.assertEqual(renewed.status, 409, "ours is not renewed any more")
        # Ours is gone, Amazon's serves: a reconnection waits for nothing.
        self.assertEqual(self.world.server.v1("POST", f"/certificates/{certificate['id']}/revoke").status, 200)
        self.assertEqual(shop.domain("POST", "mark-disconnect-complete").json["proxy_status"], "DISCONNECTED")
        shop.domain("POST", "mark-step-complete", {"step": 1})
        wait_until(lambda: shop.is_at("SSL_VALIDATED"), "the reconnection", 20, pause=0.2)
        self.assertEqual(shop.switch().json["proxy_status"], "DEPLOYED")

    def test_the_next_connection_of_a_host_takes_over_what_a_deleted_one_left(self):
        shop = self.shop("again")
        shop.obtain()
        left = shop.distribution()
        self.assertEqual(self.world.server.v1("DELETE", f"/connections/{shop.connection.json['id']}").status, 204)
        second = self.shop("again", distribution_id=left["id"])
        second.obtain()
        now = second.distribution()
        self.assertEqual((now["id"], now["aliases"]), (left["id"], ["again.shop.example"]))
        self.assertNotEqual(now["certificate"], left["certificate"])
        wait_until(lambda: [one["arn"] for one in second.certificates() if one["type"] == "IMPORTED"] == [now["certificate"]], "the first import to be deleted", 180, pause=1)

    # ── bad input ─────────────────────────────────────────────────────────────────────────────────────────────────

    def refused(self, label, status, member, **members):
        shop = Shop(self.world, label, **members)
        self.assertEqual(shop.connection.status, status, shop.connection)
        self.assertIn(member, shop.connection.body.decode())
        return shop.connection.json["detail"]

    def test_an_apex_has_the_gateways_addresses(self):
        shop = self.shop("@", origin="origin.hosting.example")
        self.assertEqual([(record["type"], record["host"], record["value"]) for record in shop.connection.json["records"]], [("A", "@", ip) for ip in GATEWAYS])
        self.assertEqual(shop.proxy()["apex_gateway_ips"], GATEWAYS)
        wait_until(lambda: shop.proxy()["cloudfront_domain"], "the distribution", 60, pause=0.2)
        self.assertIn("origin.hosting.example", shop.distribution()["config"])
        self.assertEqual(len(shop.detail()["records"]), len(GATEWAYS), "an apex cannot be a CNAME")

    def test_what_cannot_be_is_refused_with_the_way_out(self):
        self.assertIn("that Signpost obtains", self.refused("refused", 422, "certificate", certificate="external"))
        self.refused("refused", 422, "distribution_id", distribution_id="not an id")
        self.refused("refused", 422, "origin", origin="refused.shop.example")
        self.assertIn("leave this one out", self.refused("refused", 422, "records[0].value", records=[{"type": "CNAME", "host": "refused", "value": "{CNAME_TARGET}"}]))

    def test_a_host_that_led_to_addresses_needs_an_origin(self):
        self.world.publish("address", "address IN A 192.0.2.7")
        answer = self.world.server.v1("POST", "/connections", {"application": self.world.application["id"], "organization": "org-address",
                                                               "host": "address.shop.example", "certificate": "txt", "edge": "cloudfront"}).json
        detail = wait_until(lambda: (lambda one: one if one["attention"] else None)(self.world.server.v1("GET", f"/connections/{answer['id']}").json), "attention", 60)
        self.assertEqual(detail["attention"]["cause"], "certificate_edge_trouble")
        self.assertIn("origin", detail["attention"]["explanation"])
        self.assertIn("origin", detail["distribution"]["setup"]["parked"]["explanation"])


if __name__ == "__main__":
    unittest.main()
