# SPDX-License-Identifier: Apache-2.0
"""ACM's certificates and their lives, with the delays that its users see (reference 8.2)."""

import base64
import datetime
import hashlib
import itertools
import re
import uuid

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from aws.faults import Fault

DAY = 86400
VALIDITY = 395 * DAY
VALIDATION_MAX = 72 * 3600
TOKEN_REMEMBERED = 3600
PEM = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.S)
LISTED_BY_DEFAULT = {"RSA_1024", "RSA_2048"}  # what ListCertificates shows unless it is asked for more


def key_algorithm(key):
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA_{key.key_size}"
    names = {"secp256r1": "EC_prime256v1", "secp384r1": "EC_secp384r1", "secp521r1": "EC_secp521r1"}
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in names:
        return names[key.curve.name]
    raise Fault("ValidationException", "The certificate's key algorithm is not supported.", 400)


def covers(names, host):
    return host in names or ("*." + host.partition(".")[2]) in names


def is_issued_by(certificate, issuer):
    key = issuer.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(), certificate.signature_hash_algorithm)
        else:
            key.verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(certificate.signature_hash_algorithm))
    except InvalidSignature:
        return False
    return certificate.issuer == issuer.subject


class Acm:
    """One for all accounts; `uses(arn)` says which distributions have a certificate, as far as ACM has heard."""

    def __init__(self, clock, dns_view, settings):
        self.clock, self.dns, self.settings = clock, dns_view, settings
        self.certificates, self.tokens = {}, {}
        self.uses = lambda arn: []
        self.numbers = itertools.count(1)

    # Operations

    def request_certificate(self, account, region, p):
        if p.get("ValidationMethod") != "DNS":
            raise Fault("InvalidParameterException", "only DNS validation is played here", 400)
        names = list(dict.fromkeys([p["DomainName"], *p.get("SubjectAlternativeNames", [])]))
        if len(names) > self.settings["names_max"]:
            raise Fault("LimitExceededException", f"The maximum number of domain names is {self.settings['names_max']}.")
        token = p.get("IdempotencyToken")
        known = self.tokens.get((account, region, token))
        if token and known and self.clock.now() - known[0] < TOKEN_REMEMBERED and known[1] in self.certificates:
            if self.certificates[known[1]]["names"] == names:
                return {"CertificateArn": known[1]}
        self.check_quota(account)
        certificate = self.new(account, region, names, "AMAZON_ISSUED", "PENDING_VALIDATION", p.get("Tags", []))
        certificate["algorithm"] = p.get("KeyAlgorithm", "RSA_2048")
        if token:
            self.tokens[(account, region, token)] = self.clock.now(), certificate["arn"]
        return {"CertificateArn": certificate["arn"]}

    def describe_certificate(self, account, region, p):
        certificate = self.find(account, region, p)
        if certificate["type"] == "AMAZON_ISSUED" and self.age(certificate) < self.settings["describe_lag"]:
            raise Fault("ResourceNotFoundException", f"Could not find certificate {certificate['arn']}.", 400)
        self.settle(certificate)
        return {"Certificate": self.shown(certificate)}

    def import_certificate(self, account, region, p):
        leaf, chain = self.parse_import(p)
        names = self.names_of(leaf)
        if p.get("CertificateArn"):
            if p.get("Tags"):
                raise Fault("InvalidParameterException", "Tagging is not permitted on re-import.")
            certificate = self.find(account, region, p)
            if certificate["type"] != "IMPORTED":
                raise Fault("InvalidArnException", f"{certificate['arn']} is not an imported certificate.")
            # "The key type and size cannot be changed" (ACM's guide, "Reimport a certificate").
            if key_algorithm(leaf.public_key()) != certificate["algorithm"]:
                raise Fault("ValidationException", "The certificate's key algorithm differs from that of the certificate that it replaces.", 400)
            certificate["names"] = names
        else:
            self.check_quota(account)
            certificate = self.new(account, region, names, "IMPORTED", "ISSUED", p.get("Tags", []))
        certificate.update(algorithm=key_algorithm(leaf.public_key()), not_before=leaf.not_valid_before.replace(tzinfo=datetime.timezone.utc).timestamp(),
                           not_after=leaf.not_valid_after.replace(tzinfo=datetime.timezone.utc).timestamp(), imported_at=self.clock.now(),
                           serial=leaf.serial_number, chain=len(chain), pem=leaf.public_bytes(serialization.Encoding.PEM).decode())
        return {"CertificateArn": certificate["arn"]}

    def delete_certificate(self, account, region, p):
        certificate = self.find(account, region, p)
        if self.uses(certificate["arn"]):
            raise Fault("ResourceInUseException", f"Certificate {certificate['arn']} in account {account} is in use.")
        del self.certificates[certificate["arn"]]
        return {}

    def list_certificates(self, account, region, p):
        if ("SortBy" in p) != ("SortOrder" in p):
            raise Fault("ValidationException", "SortBy and SortOrder belong together", 400)
        kinds = set(p.get("Includes", {}).get("keyTypes", LISTED_BY_DEFAULT))
        found = [c for c in self.certificates.values() if c["account"] == account and c["region"] == region and c["algorithm"] in kinds
                 and self.age(c) >= self.settings["list_lag"]]
        for certificate in found:
            self.settle(certificate)
        found = [c for c in found if c["status"] in p.get("CertificateStatuses", [c["status"]])]
        start, size = int(p.get("NextToken", "0")), min(p.get("MaxItems", 1000), self.settings["page_max"])
        answer = {"CertificateSummaryList": [{"CertificateArn": c["arn"], "DomainName": c["names"][0], "Status": c["status"], "Type": c["type"],
                                              "KeyAlgorithm": c["algorithm"].replace("RSA_", "RSA-"),
                                              "InUse": bool(self.uses(c["arn"])), "CreatedAt": c["created_at"]} for c in found[start:start + size]]}
        if start + size < len(found):
            answer["NextToken"] = str(start + size)
        return answer

    def add_tags_to_certificate(self, account, region, p):
        certificate = self.find(account, region, p)
        certificate["tags"].update({tag["Key"]: tag.get("Value", "") for tag in p["Tags"]})
        if len(certificate["tags"]) > 50:
            raise Fault("TooManyTagsException", "more than 50 tags")
        return {}

    def list_tags_for_certificate(self, account, region, p):
        tags = self.find(account, region, p)["tags"]
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}

    # Lives

    def age(self, certificate):
        return self.clock.now() - certificate["created_at"]

    def check_quota(self, account):
        if sum(c["account"] == account for c in self.certificates.values()) >= self.settings["certificates_max"]:
            raise Fault("LimitExceededException", "Error: you have reached your limit of certificates in the last year.")

    def new(self, account, region, names, kind, status, tags):
        arn = f"arn:aws:acm:{region}:{account}:certificate/{uuid.UUID(int=next(self.numbers) << 64 | 0x4000_8000_0000_0000)}"
        certificate = {"arn": arn, "account": account, "region": region, "names": names, "type": kind, "status": status, "created_at": self.clock.now(),
                       "tags": {tag["Key"]: tag.get("Value", "") for tag in tags}, "seen_at": None, "reason": None, "algorithm": "RSA_2048"}
        self.certificates[arn] = certificate
        return certificate

    def find(self, account, region, p):
        certificate = self.certificates.get(p["CertificateArn"])
        if certificate is None or certificate["account"] != account or certificate["region"] != region:
            raise Fault("ResourceNotFoundException", f"Could not find certificate {p['CertificateArn']}.", 400)
        return certificate

    def token_of(self, certificate, name):
        """The same for a name and account, whichever certificate asks."""
        seed = hashlib.md5(f"{certificate['account']} {name}".encode()).hexdigest()
        other = hashlib.md5(f"value of {seed}".encode()).hexdigest()
        return f"_{seed}.{name.removeprefix('*.')}", f"_{other}.mhbtsbpdnt.acm-validations.aws"

    def settle(self, certificate):
        """What has become of a request by now."""
        if certificate["type"] != "AMAZON_ISSUED":
            if certificate["status"] == "ISSUED" and self.clock.now() > certificate["not_after"]:
                certificate["status"] = "EXPIRED"
            return
        if certificate["status"] != "PENDING_VALIDATION":
            return
        if certificate["seen_at"] is None and all(self.dns.has_token(*self.token_of(certificate, name)) for name in certificate["names"]):
            certificate["seen_at"] = self.clock.now()
        if certificate["seen_at"] is not None and self.clock.now() - certificate["seen_at"] >= self.settings["validation_lag"]:
            if all(self.dns.allows_amazon(name) for name in certificate["names"]):
                self.issue(certificate)
            else:
                certificate.update(status="FAILED", reason="CAA_ERROR")
        elif certificate["seen_at"] is None and self.age(certificate) >= VALIDATION_MAX:
            certificate["status"] = "VALIDATION_TIMED_OUT"

    def issue(self, certificate):
        now = self.clock.now()
        certificate.update(status="ISSUED", issued_at=now, not_before=now, not_after=now + VALIDITY, seen_at=certificate["seen_at"] or now)

    def shown(self, c):
        answer = {"CertificateArn": c["arn"], "DomainName": c["names"][0], "SubjectAlternativeNames": c["names"], "Status": c["status"], "Type": c["type"],
                  "InUseBy": self.uses(c["arn"]), "KeyAlgorithm": c["algorithm"].replace("RSA_", "RSA-"), "RenewalEligibility": "INELIGIBLE",
                  "Options": {"CertificateTransparencyLoggingPreference": "ENABLED"}}
        for member, key in {"NotBefore": "not_before", "NotAfter": "not_after", "IssuedAt": "issued_at", "ImportedAt": "imported_at"}.items():
            if c.get(key) is not None:
                answer[member] = c[key]
        if c["type"] == "AMAZON_ISSUED":
            answer["CreatedAt"] = c["created_at"]
            if c["reason"]:
                answer["FailureReason"] = c["reason"]
            states = {"ISSUED": "SUCCESS", "PENDING_VALIDATION": "PENDING_VALIDATION"}
            answer["DomainValidationOptions"] = []
            for name in c["names"]:
                option = {"DomainName": name, "ValidationDomain": name, "ValidationMethod": "DNS", "ValidationStatus": states.get(c["status"], "FAILED")}
                if self.age(c) >= self.settings["record_lag"]:
                    token, value = self.token_of(c, name)
                    option["ResourceRecord"] = {"Name": token + ".", "Type": "CNAME", "Value": value + "."}
                answer["DomainValidationOptions"].append(option)
        return answer

    def usable(self, arn, account, aliases):
        """None, or why CloudFront does not take the certificate for these aliases."""
        certificate = self.certificates.get(arn)
        text = "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain."
        if certificate is None or certificate["account"] != account or certificate["region"] != "us-east-1":
            return text
        self.settle(certificate)
        if certificate["status"] != "ISSUED":
            return text
        ready_at = certificate.get("imported_at", certificate.get("issued_at", 0)) + self.settings["certificate_lag"]
        if self.clock.now() < ready_at or certificate["algorithm"] not in ("RSA_1024", "RSA_2048", "EC_prime256v1"):
            return text
        if any(not covers(certificate["names"], alias) for alias in aliases):
            return "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate that validates your authorization to use the domain name."
        return None

    # Imports

    @staticmethod
    def names_of(leaf):
        try:
            return leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
        except x509.ExtensionNotFound as error:
            raise Fault("ValidationException", "The certificate has no domain name.", 400) from error

    def parse_import(self, p):
        def pem(name, most):
            try:
                return [x509.load_pem_x509_certificate(one) for one in PEM.findall(base64.b64decode(p[name]))[:most]]
            except ValueError as error:
                raise Fault("ValidationException", f"The {name} field is not a valid PEM certificate.", 400) from error
        leaves = pem("Certificate", 2)
        if len(leaves) != 1:
            raise Fault("ValidationException", "The certificate field contains more than one certificate. You can specify only one certificate in this field.", 400)
        leaf, chain = leaves[0], pem("CertificateChain", 10) if "CertificateChain" in p else []
        try:
            key = serialization.load_pem_private_key(base64.b64decode(p["PrivateKey"]), password=None)
        except (ValueError, TypeError) as error:
            raise Fault("ValidationException", "The private key is not supported or is encrypted.", 400) from error
        if key.public_key().public_numbers() != leaf.public_key().public_numbers():
            raise Fault("ValidationException", "The private key does not match the certificate.", 400)
        now = datetime.datetime.fromtimestamp(self.clock.now(), datetime.timezone.utc).replace(tzinfo=None)
        if not leaf.not_valid_before <= now <= leaf.not_valid_after:
            raise Fault("ValidationException", "The certificate is not valid now.", 400)
        if not chain and not is_issued_by(leaf, leaf):
            raise Fault("ValidationException", "Provided certificate is not a valid self signed. Please provide either a valid self-signed certificate or certificate chain.", 400)
        below = leaf
        for issuer in chain:
            if not is_issued_by(below, issuer):
                raise Fault("ValidationException", "Could not validate the certificate with the certificate chain.", 400)
            below = issuer
        return leaf, chain
