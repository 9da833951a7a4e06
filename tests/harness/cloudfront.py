# SPDX-License-Identifier: Apache-2.0
"""All that a connection on CloudFront touches: DNS servers, Pebble, the AWS of tests/aws, Signpost; and a customer who goes through the two steps."""

import json
import pathlib

from .aws import KEY, SECRET, AwsServer
from .dns_servers import DnsWorld
from .identity import IdentityProvider
from .pebble import Pebble
from .process import wait_until
from .signpost import Signpost, call

ACME_ADDRESS = "127.0.0.4"
ACME_ZONE = "acme.saas.example"
# Where the names of hosting, CloudFront and ACM lead: CAA is looked for at the end of every alias.
ZONES = ("shop.example", "saas.example", "hosting.example", "cloudfront.net", "acm-validations.aws")
GATEWAYS = ["203.0.113.7", "203.0.113.8"]
AWS_SCALE = 60  # its clock to ours
UPGRADE_S = 240  # seed 000: "2 to 10 minutes"; of them 60 s of waiting, 30 s until a look whether it is deployed, 60 s until the old one is deleted


class World:
    """All servers, once for all tests; every test has a host of its own."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.dns = DnsWorld(self.directory / "dns", zones=ZONES, beside=(ACME_ADDRESS,))
        self.dns.unbound.stubs[ACME_ZONE] = [(ACME_ADDRESS, self.dns.authority_port)]
        self.records = {}
        self.stops = []

    def start(self):
        self.stops.append(self.dns.stop)
        self.dns.start()
        for server in (self.dns.powerdns, self.dns.knot):
            server.set_records("saas.example", ["app IN A 127.0.0.9", "acme IN NS ns1.acme", f"ns1.acme IN A {ACME_ADDRESS}"])
            server.set_records("hosting.example", ["* IN A 127.0.0.9"])
            server.set_records("cloudfront.net", ["* IN A 127.0.0.9"])
            server.set_records("acm-validations.aws", ["* IN TXT there"])
        resolver = (self.dns.RESOLVER, self.dns.resolver_port)
        self.pebble = Pebble(self.directory / "pebble", f"{resolver[0]}:{resolver[1]}")
        self.stops.append(self.pebble.stop)
        self.pebble.start()
        self.aws = AwsServer(self.directory, dns=resolver, scale=AWS_SCALE)
        self.stops.append(self.aws.process.kill)
        self.aws.control("settings", unknown_elements=True)
        self.provider = IdentityProvider()
        jwks, secret = self.directory / "jwks.json", self.directory / "aws-secret"
        jwks.write_text(json.dumps(self.provider.jwks()))
        secret.write_text(SECRET)
        secret.chmod(0o600)
        self.server = Signpost(self.directory / "signpost", config=(
            f'[dns]\nresolvers = ["{resolver[0]}:{resolver[1]}"]\nauthority_port = {self.dns.authority_port}\n'
            f'acme_zone = "{ACME_ZONE}"\nacme_zone_name_servers = ["ns1.{ACME_ZONE} {ACME_ADDRESS}"]\nacme_zone_listen = ["{ACME_ADDRESS}:{self.dns.authority_port}"]\n'
            f'[network]\nallow = ["127.0.0.0/8"]\n[[issuers]]\nissuer = "{self.provider.issuer}"\njwks_file = "{jwks}"\n'
            "[api]\nrequests_per_key = 0\nrequests_per_address = 0\n"
            f'[aws]\naccess_key_id = "{KEY}"\nsecret_access_key_file = "{secret}"\nacm_endpoint = "{self.aws.url}"\ncloudfront_endpoint = "{self.aws.url}"\n'
            f'[cloudfront]\nenabled = true\npages_host = "{{ORGANIZATION}}.pages.saas.example"\napex_gateway_ips = {json.dumps(GATEWAYS)}\n'
            f'[[authorities]]\nname = "pebble"\ndirectory_url = "{self.pebble.directory_url}"\nca_file = "{self.pebble.ca_file}"\nagree_to_terms = true\n'
            'limits = "none"\n'))
        self.server.start()
        self.stops.append(self.server.stop)
        self.application = self.server.create_application(
            name="CloudFront", cname_target="app.saas.example", identity={"issuer": self.provider.issuer, "audiences": ["https://app.saas.example"]})
        return self

    def stop(self):
        for stop in reversed(self.stops):
            stop()

    def publish(self, owner, *records):
        """What `owner` has in shop.example, beside the others."""
        self.records[owner] = list(records)
        everything = [record for records in self.records.values() for record in records]
        for server in (self.dns.powerdns, self.dns.knot):
            server.set_records("shop.example", everything)


class Shop:
    """One customer: an organization with a host of its own, and what it does."""

    def __init__(self, world, label, **members):
        self.world, self.label, self.host = world, label, f"{label}.shop.example" if label != "@" else "shop.example"
        self.organization = f"org-{label.replace('@', 'apex')}"
        self.token = world.provider.token(self.organization, aud="https://app.saas.example")
        self.ours = {}
        if label != "@" and "distribution_id" not in members:
            self.publish(traffic=f"{label} IN CNAME {label}.hosting.example.")
        self.connection = world.server.v1("POST", "/connections", {
            "application": world.application["id"], "organization": self.organization, "host": self.host, "certificate": "txt", "edge": "cloudfront", **members})

    def publish(self, **records):
        """Sets records by what they are for; None takes one out."""
        self.ours.update(records)
        self.world.publish(self.label, *[record for record in self.ours.values() if record])

    def domain(self, method, what, body=None, seconds=40):
        return call(self.world.server.api, method, f"/api/domain/{what}/{self.organization}?host={self.host}", body, {"Authorization": f"Bearer {self.token}"}, seconds)

    def proxy(self):
        return self.domain("GET", "get-proxy").json

    def detail(self):
        return self.world.server.v1("GET", f"/connections/{self.connection.json['id']}").json

    def job(self, kind):
        return next((job for job in self.detail()["jobs"] if job["kind"] == kind), None)

    def upgrade(self):
        return self.detail()["distribution"]["upgrade"]

    def is_at(self, status):
        return self.proxy()["proxy_status"] == status

    def is_upgrade(self, *states):
        return self.upgrade()["state"] in states

    def prove(self):
        """Step 1: the TXT of start-certificate."""
        started = self.domain("POST", "start-certificate")
        assert started.status == 200, started
        if started.json["txt_record_name"]:  # else the authority remembers that this customer has proven it
            label = started.json["txt_record_name"].removesuffix(".shop.example")
            self.publish(challenge=f'{label} IN TXT "{started.json["txt_record_value"]}"')
        return self.domain("POST", "mark-step-complete", {"step": 1})

    def obtain(self, seconds=90):
        self.prove()
        wait_until(lambda: self.is_at("SSL_VALIDATED"), f"SSL_VALIDATED of {self.host}", seconds, pause=0.2)

    def add_validation(self):
        proxy = wait_until(lambda: (lambda proxy: proxy if proxy["acm_validation_record"] else None)(self.proxy()), "Amazon's validation record", 60, pause=0.2)
        record = proxy["acm_validation_record"]
        self.publish(validation=f"{record['name']} IN CNAME {record['value']}.")
        return record

    def switch(self):
        """Step 2: the traffic."""
        proxy = self.proxy()
        if self.label != "@":
            self.publish(traffic=f"{self.label} IN CNAME {proxy['cloudfront_domain']}.")
        return self.domain("POST", "mark-step-complete", {"step": 2})

    # What AWS holds

    def distribution(self):
        identity = self.detail()["distribution"]["distribution_id"]
        return next(one for one in self.world.aws.state()["distributions"] if one["id"] == identity)

    def certificates(self):
        return [one for one in self.world.aws.state()["certificates"] if self.host in one["names"]]


def assert_upgraded(test, shop):
    """By what AWS and DNS hold."""
    test.assertEqual(shop.proxy()["proxy_status"], "DEPLOYED")
    certificates = shop.certificates()
    test.assertEqual([one["type"] for one in certificates], ["AMAZON_ISSUED"], "the imported one is deleted")
    distribution = shop.distribution()
    test.assertEqual(distribution["certificate"], certificates[0]["arn"])
    test.assertEqual(distribution["aliases"], [shop.host])
    test.assertTrue(distribution["is_deployed"])
    test.assertEqual(shop.proxy()["certificate_arn"], certificates[0]["arn"])
    done = wait_until(lambda: (lambda job: job if job["state"] == "done" else None)(shop.job("certificate_upgrade")), "the upgrade's job to end", 20)
    test.assertIn("Amazon's certificate serves", done["outcome"])
