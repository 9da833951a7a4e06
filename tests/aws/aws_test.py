# SPDX-License-Identifier: Apache-2.0
"""The AWS of the tests, driven by boto3: a client that is not ours agrees with it, so our own cannot merely agree with us."""

import json
import pathlib
import socket
import sys
import threading
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import boto3  # noqa: E402
import botocore.config  # noqa: E402
import botocore.exceptions  # noqa: E402
import dns.message  # noqa: E402
import dns.rdatatype  # noqa: E402
import dns.rrset  # noqa: E402

from aws.certificates import certificate, key_pem, pem  # noqa: E402
from aws.server import Handler, Server, World  # noqa: E402

HOST = "www.shop.example"


def new_distribution(reference="one"):
    behaviour = {"TargetOriginId": "o", "ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"}
    origin = {"Id": "o", "DomainName": "origin.example", "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}}
    return {"CallerReference": reference, "Comment": "made by boto3 & friends", "Enabled": True, "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": behaviour}


class DnsServer:
    """A DNS server over UDP that answers what stands in `zone` at that moment: (name, type) -> value."""

    def __init__(self, zone):
        self.zone = zone

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()
        return self.socket.getsockname()

    def __exit__(self, *_):
        self.socket.sendto(b"", self.socket.getsockname())

    def serve(self):
        while True:
            wire, peer = self.socket.recvfrom(4096)
            if not wire:
                return self.socket.close()
            query = dns.message.from_wire(wire)
            answer, question = dns.message.make_response(query), query.question[0]
            kind = dns.rdatatype.to_text(question.rdtype)
            value = self.zone.get((question.name.to_text(omit_final_dot=True), kind))
            if value is not None:
                answer.answer.append(dns.rrset.from_text(question.name, 300, "IN", kind, value))
            self.socket.sendto(answer.to_wire(), peer)


class Aws(unittest.TestCase):
    def setUp(self):
        handler = type("TestHandler", (Handler,), {"world": World()})
        self.server = Server(("127.0.0.1", 0), handler)
        self.world = handler.world
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.acm, self.cloudfront = self.client("acm"), self.client("cloudfront")

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def client(self, service, key="AKIAOURS", secret="our+secret/key", token=None):
        config = botocore.config.Config(retries={"max_attempts": 0}, parameter_validation=False)
        client = boto3.client(service, endpoint_url=self.url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret,
                            aws_session_token=token, config=config)
        self.addCleanup(client.close)
        return client

    def control(self, word, **p):
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/_test/{word}", json.dumps(p).encode())) as answer:
            return json.load(answer)

    def assert_fault(self, code, call, **p):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**p)
        self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)
        return caught.exception

    def imported(self, host=HOST):
        leaf, key = certificate(host)
        return self.acm.import_certificate(Certificate=pem(leaf), PrivateKey=key_pem(key))["CertificateArn"]

    def created(self, reference="one"):
        return self.cloudfront.create_distribution(DistributionConfig=new_distribution(reference))["Distribution"]["Id"]

    def attach(self, identifier, arn, alias=HOST, client=None):
        client = client or self.cloudfront
        fetched = client.get_distribution_config(Id=identifier)
        config = fetched["DistributionConfig"]
        config["Aliases"] = {"Quantity": 1, "Items": [alias]} if alias else {"Quantity": 0}
        config["ViewerCertificate"] = {"ACMCertificateArn": arn, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"}
        return client.update_distribution(Id=identifier, IfMatch=fetched["ETag"], DistributionConfig=config)

    # Signatures

    def test_takes_what_boto3_signs_and_nothing_that_is_signed_wrongly(self):
        self.acm.list_certificates()
        self.cloudfront.list_distributions()
        self.assert_fault("InvalidSignatureException", self.client("acm", secret="another").list_certificates)
        self.assert_fault("SignatureDoesNotMatch", self.client("cloudfront", secret="another").list_distributions)
        self.assert_fault("UnrecognizedClientException", self.client("acm", key="AKIANOBODY").list_certificates)
        self.assert_fault("UnrecognizedClientException", self.client("acm", token="strange").list_certificates)

    def test_refuses_a_session_that_has_ended_and_a_clock_that_is_wrong(self):
        self.control("keys", ASIA={"secret": "s", "token": "t", "account": "111122223333", "expires": self.world.clock.now() + 60})
        client = self.client("acm", "ASIA", "s", "t")
        client.list_certificates()
        self.control("advance", seconds=61)
        self.assert_fault("ExpiredTokenException", client.list_certificates)
        self.control("skew", seconds=86400)
        self.assertIn("Signature expired", str(self.assert_fault("InvalidSignatureException", self.acm.list_certificates)))
        self.control("skew", seconds=-86400)
        self.assertIn("not yet current", str(self.assert_fault("SignatureDoesNotMatch", self.cloudfront.list_distributions)))

    # The model

    def test_holds_every_request_to_the_model(self):
        self.assert_fault("ValidationException", self.acm.request_certificate, DomainName="not a name", ValidationMethod="DNS")
        self.assert_fault("ValidationException", self.acm.request_certificate, ValidationMethod="DNS")
        self.assert_fault("ValidationException", self.acm.request_certificate, DomainName=HOST, ValidationMethod="DNS", IdempotencyToken="with blank")
        config = new_distribution()
        del config["Comment"]
        self.assert_fault("InvalidArgument", self.cloudfront.create_distribution, DistributionConfig=config)
        config = new_distribution()
        config["Origins"]["Quantity"] = 2
        self.assert_fault("InconsistentQuantities", self.cloudfront.create_distribution, DistributionConfig=config)
        config = new_distribution()
        config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] = "perhaps"
        self.assert_fault("InvalidArgument", self.cloudfront.create_distribution, DistributionConfig=config)

    # ACM

    def test_a_request_is_not_found_then_without_a_record_then_pending(self):
        arn = self.acm.request_certificate(DomainName=HOST, ValidationMethod="DNS", IdempotencyToken="t1")["CertificateArn"]
        self.assertEqual(self.acm.request_certificate(DomainName=HOST, ValidationMethod="DNS", IdempotencyToken="t1")["CertificateArn"], arn)
        self.assert_fault("ResourceNotFoundException", self.acm.describe_certificate, CertificateArn=arn)
        self.control("advance", seconds=6)
        self.assertNotIn("ResourceRecord", self.acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0])
        self.control("advance", seconds=6)
        record = self.acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]["ResourceRecord"]
        self.assertTrue(record["Name"].endswith(f".{HOST}.") and record["Value"].endswith(".acm-validations.aws."), record)
        self.control("advance", seconds=3600)
        self.assertNotEqual(self.acm.request_certificate(DomainName=HOST, ValidationMethod="DNS", IdempotencyToken="t1")["CertificateArn"], arn)

    def requested(self):
        arn = self.acm.request_certificate(DomainName=HOST, ValidationMethod="DNS")["CertificateArn"]
        self.control("advance", seconds=20)
        record = self.acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]["ResourceRecord"]
        return arn, record["Name"].rstrip("."), record["Value"].rstrip(".")

    def status(self, arn):
        return self.acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"]

    def test_a_request_is_issued_some_time_after_its_record_is_there(self):
        arn, name, value = self.requested()
        self.control("dns", cnames={name: "alias.example", "alias.example": value.removeprefix("_")})
        self.assertEqual(self.status(arn), "PENDING_VALIDATION")
        self.control("advance", seconds=31)
        self.assertEqual(self.status(arn), "ISSUED")

    def test_validation_asks_the_dns_server_that_it_was_given(self):
        zone = {}
        with DnsServer(zone) as address:
            self.world.dns.server = address
            arn, name, value = self.requested()
            self.assertEqual(self.status(arn), "PENDING_VALIDATION")
            zone[(name, "CNAME")] = "alias.shop.example."
            zone[("alias.shop.example", "CNAME")] = value + "."
            zone[("shop.example", "CAA")] = '0 issue "letsencrypt.org"'
            zone[("www.shop.example", "CAA")] = '0 issue "amazon.com; cansignhttpexchanges=yes"'
            self.status(arn)
            self.control("advance", seconds=31)
            self.assertEqual(self.status(arn), "ISSUED", "the CAA record nearest to the name counts")
            del zone[("www.shop.example", "CAA")]
            arn, _, _ = self.requested()
            self.status(arn)
            self.control("advance", seconds=31)
            self.assertEqual(self.status(arn), "FAILED")

    def test_a_request_fails_where_caa_forbids_and_times_out_without_a_record(self):
        arn, name, value = self.requested()
        self.control("dns", cnames={name: value}, caas={"shop.example": ["letsencrypt.org"]})
        self.status(arn)
        self.control("advance", seconds=31)
        found = self.acm.describe_certificate(CertificateArn=arn)["Certificate"]
        self.assertEqual((found["Status"], found["FailureReason"]), ("FAILED", "CAA_ERROR"))
        self.control("dns", cnames={}, caas={})
        arn, _, _ = self.requested()
        self.control("advance", seconds=72 * 3600)
        self.assertEqual(self.status(arn), "VALIDATION_TIMED_OUT")

    def test_an_import_must_fit_together_and_be_valid(self):
        root, root_key = certificate("root.example")
        leaf, key = certificate(HOST, (root, root_key))
        self.acm.import_certificate(Certificate=pem(leaf), PrivateKey=key_pem(key), CertificateChain=pem(root))
        self.assert_fault("ValidationException", self.acm.import_certificate, Certificate=pem(leaf), PrivateKey=key_pem(root_key), CertificateChain=pem(root))
        self.assert_fault("ValidationException", self.acm.import_certificate, Certificate=pem(leaf), PrivateKey=key_pem(key))
        other, _ = certificate("other.example")
        self.assert_fault("ValidationException", self.acm.import_certificate, Certificate=pem(leaf), PrivateKey=key_pem(key), CertificateChain=pem(other))
        self.control("advance", seconds=91 * 86400)
        self.assert_fault("ValidationException", self.acm.import_certificate, Certificate=pem(leaf), PrivateKey=key_pem(key), CertificateChain=pem(root))

    def test_a_reimport_keeps_type_and_size_of_the_key(self):
        def imported(key, **more):
            leaf, private = certificate("www.shop.example", key=key)
            return self.acm.import_certificate(Certificate=pem(leaf), PrivateKey=key_pem(private), **more)["CertificateArn"]
        arn = imported("EC_prime256v1")
        self.assertEqual(imported("EC_prime256v1", CertificateArn=arn), arn)
        for key in ("RSA_2048", "EC_secp384r1"):
            self.assert_fault("ValidationException", imported, key=key, CertificateArn=arn)

    def test_a_list_hides_elliptic_keys_unless_it_is_asked_for_them(self):
        arn = self.imported()
        self.assertEqual(self.acm.list_certificates()["CertificateSummaryList"], [])
        shown = self.acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})["CertificateSummaryList"]
        self.assertEqual([one["CertificateArn"] for one in shown], [arn])

    def test_calls_over_the_published_rate_are_throttled(self):
        self.control("settings", rates=True)
        self.acm.list_certificates()
        self.assert_fault("ThrottlingException", self.acm.list_certificates)
        self.control("advance", seconds=2)
        self.acm.list_certificates()

    # CloudFront

    def test_a_change_needs_the_newest_etag_and_takes_its_time(self):
        identifier = self.created()
        self.assertEqual(self.cloudfront.get_distribution(Id=identifier)["Distribution"]["Status"], "InProgress")
        self.control("advance", seconds=301)
        self.assertEqual(self.cloudfront.get_distribution(Id=identifier)["Distribution"]["Status"], "Deployed")
        fetched = self.cloudfront.get_distribution_config(Id=identifier)
        self.control("interfere", id=identifier)
        self.assert_fault("PreconditionFailed", self.cloudfront.update_distribution, Id=identifier, IfMatch=fetched["ETag"], DistributionConfig=fetched["DistributionConfig"])
        self.assert_fault("InvalidIfMatchVersion", self.cloudfront.update_distribution, Id=identifier, DistributionConfig=fetched["DistributionConfig"])

    def test_an_update_replaces_and_may_leave_nothing_out(self):
        identifier = self.created()
        fetched = self.cloudfront.get_distribution_config(Id=identifier)
        del fetched["DistributionConfig"]["Restrictions"]
        self.assert_fault("IllegalUpdate", self.cloudfront.update_distribution, Id=identifier, IfMatch=fetched["ETag"], DistributionConfig=fetched["DistributionConfig"])

    def test_an_alias_needs_a_certificate_and_is_on_one_distribution_of_all_accounts(self):
        identifier, arn = self.created(), self.imported()
        self.assert_fault("InvalidViewerCertificate", self.attach, identifier=identifier, arn=arn)
        self.control("advance", seconds=61)
        self.assertEqual(self.attach(identifier, arn)["Distribution"]["DistributionConfig"]["ViewerCertificate"]["Certificate"], arn)
        others = self.client("cloudfront", "AKIAOTHERS", "their+secret/key")
        their_acm = self.client("acm", "AKIAOTHERS", "their+secret/key")
        leaf, key = certificate(HOST)
        theirs = their_acm.import_certificate(Certificate=pem(leaf), PrivateKey=key_pem(key))["CertificateArn"]
        their_id = others.create_distribution(DistributionConfig=new_distribution())["Distribution"]["Id"]
        self.control("advance", seconds=61)
        self.assert_fault("CNAMEAlreadyExists", self.attach, identifier=their_id, arn=theirs, client=others)
        self.attach(their_id, theirs, alias=None, client=others)
        found = others.list_conflicting_aliases(DistributionId=their_id, Alias=HOST)["ConflictingAliasesList"]["Items"]
        self.assertTrue(found[0]["DistributionId"].startswith("*"), found)
        self.assert_fault("AccessDenied", others.get_distribution, Id=identifier)
        self.assert_fault("NoSuchDistribution", others.get_distribution, Id="EUNKNOWN")

    def test_a_certificate_stays_in_use_for_a_while_after_it_was_replaced(self):
        identifier, first, second = self.created(), self.imported(), self.imported()
        self.control("advance", seconds=61)
        self.attach(identifier, first)
        self.attach(identifier, second)
        self.assert_fault("ResourceInUseException", self.acm.delete_certificate, CertificateArn=first)
        self.control("advance", seconds=1201)
        self.acm.delete_certificate(CertificateArn=first)
        self.assert_fault("ResourceNotFoundException", self.acm.describe_certificate, CertificateArn=first)

    def test_a_caller_reference_makes_one_distribution(self):
        identifier = self.created("the same")
        self.assertIn(f"Already exists: {identifier}", str(self.assert_fault("DistributionAlreadyExists", self.created, reference="the same")))

    def test_tags_and_pages(self):
        tagged = {"DistributionConfig": new_distribution("tagged"), "Tags": {"Items": [{"Key": "org", "Value": "a + b"}]}}
        arn = self.cloudfront.create_distribution_with_tags(DistributionConfigWithTags=tagged)["Distribution"]["ARN"]
        self.assertEqual(self.cloudfront.list_tags_for_resource(Resource=arn)["Tags"]["Items"], [{"Key": "org", "Value": "a + b"}])
        for number in range(4):
            self.created(f"number {number}")
        self.control("settings", page_max=2)
        pages = self.cloudfront.get_paginator("list_distributions").paginate()
        self.assertEqual(sum(len(page["DistributionList"].get("Items", [])) for page in pages), 5)

    def test_unknown_elements_must_survive_an_update(self):
        self.control("settings", unknown_elements=True)
        identifier = self.created()
        fetched = self.cloudfront.get_distribution_config(Id=identifier)
        # boto3 drops what its model does not know; the server sees that.
        error = self.assert_fault("InvalidArgument", self.cloudfront.update_distribution, Id=identifier, IfMatch=fetched["ETag"],
                                  DistributionConfig=fetched["DistributionConfig"])
        self.assertIn("were lost", str(error))

    def test_answers_as_it_is_told(self):
        self.control("faults", faults=[{"operation": "ListCertificates", "code": "ThrottlingException"},
                                       {"operation": "RequestCertificate", "when": "after", "drop": True}])
        self.assert_fault("ThrottlingException", self.acm.list_certificates)
        self.acm.list_certificates()
        with self.assertRaises(botocore.exceptions.HTTPClientError):
            self.acm.request_certificate(DomainName=HOST, ValidationMethod="DNS")
        self.assertEqual(len(self.control("state")["certificates"]), 1)

    # Metadata

    def test_gives_sessions_by_both_metadata_services(self):
        def ask(method, path, **headers):
            request = urllib.request.Request(self.url + path, method=method, headers={name.replace("_", "-"): value for name, value in headers.items()})
            with urllib.request.urlopen(request) as answer:
                return answer.read().decode()
        token = ask("PUT", "/latest/api/token", X_aws_ec2_metadata_token_ttl_seconds="21600")
        path = "/latest/meta-data/iam/security-credentials/"
        with self.assertRaises(urllib.error.HTTPError):
            ask("GET", path)
        role = ask("GET", path, X_aws_ec2_metadata_token=token)
        for found in (ask("GET", path + role, X_aws_ec2_metadata_token=token), ask("GET", "/container/credentials", Authorization="container-token")):
            session = json.loads(found)
            self.client("acm", session["AccessKeyId"], session["SecretAccessKey"], session["Token"]).list_certificates()


if __name__ == "__main__":
    unittest.main()
