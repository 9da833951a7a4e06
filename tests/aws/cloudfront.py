# SPDX-License-Identifier: Apache-2.0
"""CloudFront's distributions: whole configurations behind ETags, aliases that are unique over all accounts, changes that take their time (reference 8.3, 8.4)."""

import copy
import datetime
import itertools
import string
import xml.etree.ElementTree as ET

from aws.faults import Fault
from aws.model import local

ALIASES_MAX = 100
# "More fields are required than on create" (UpdateDistribution's documentation).
REQUIRED_IN_UPDATE = ["Aliases", "DefaultRootObject", "CacheBehaviors", "CustomErrorResponses", "Logging", "PriceClass", "ViewerCertificate", "Restrictions",
                      "WebACLId", "HttpVersion"]
MANAGED_POLICIES = {
    "CachePolicyId": {"658327ea-f89d-4fab-a63d-7e88639e58f6", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"},
    "OriginRequestPolicyId": {"216adef6-5c7f-47e4-b989-5492eafa07d3", "b689b0a8-53d0-40ab-baf2-68738e2966ac"},
}
# What CloudFront writes into a configuration that leaves it out.
DEFAULTS = """
<Aliases><Quantity>0</Quantity></Aliases><DefaultRootObject/><CacheBehaviors><Quantity>0</Quantity></CacheBehaviors>
<CustomErrorResponses><Quantity>0</Quantity></CustomErrorResponses>
<Logging><Enabled>false</Enabled><IncludeCookies>false</IncludeCookies><Bucket/><Prefix/></Logging><PriceClass>PriceClass_All</PriceClass>
<ViewerCertificate><CloudFrontDefaultCertificate>true</CloudFrontDefaultCertificate></ViewerCertificate>
<Restrictions><GeoRestriction><RestrictionType>none</RestrictionType><Quantity>0</Quantity></GeoRestriction></Restrictions>
<WebACLId/><HttpVersion>http2</HttpVersion><IsIPV6Enabled>true</IsIPV6Enabled><OriginGroups><Quantity>0</Quantity></OriginGroups>
<ContinuousDeploymentPolicyId/><Staging>false</Staging>
"""
# Elements that the model of our time does not know, and one that nobody does. They must come back as they went out.
UNKNOWN = """
<ConnectionMode>direct</ConnectionMode>
<FutureThing kind="a &amp; b" other='"'>  text with  blanks &lt;and&gt; <![CDATA[<raw> & more]]><!-- a remark --><Inner/>ünï</FutureThing>
"""
UNKNOWN_IN_BEHAVIOUR = "<GrpcConfig><Enabled>false</Enabled></GrpcConfig>"


class CloudFront:
    """One for all accounts."""

    def __init__(self, clock, acm, service, settings):
        self.clock, self.acm, self.service, self.settings = clock, acm, service, settings
        self.distributions = {}
        self.past_uses = []  # (certificate ARN, distribution ARN, until when some edge had it)
        self.numbers = itertools.count(1)
        acm.uses = self.uses_of

    # Operations: parameters by the model, the payload as an element beside them

    def create_distribution(self, account, p, payload, tags=()):
        config = self.take(account, p["DistributionConfig"], payload, None)
        reference = self.text(config, "CallerReference")
        for other in self.distributions.values():
            if other["account"] == account and other["reference"] == reference:
                raise Fault("DistributionAlreadyExists", "The caller reference that you are using to create a distribution is associated with another distribution. "
                                                         f"Already exists: {other['id']}")
        if sum(other["account"] == account for other in self.distributions.values()) >= self.settings["distributions_max"]:
            raise Fault("TooManyDistributions", "Your request contains more distributions than are allowed per account.")
        number = next(self.numbers)
        identifier = "E" + f"{number:05d}" + "".join(string.ascii_uppercase[(number * k) % 26] for k in range(3, 11))
        distribution = {"id": identifier, "arn": f"arn:aws:cloudfront::{account}:distribution/{identifier}", "account": account, "reference": reference,
                        "domain": f"d{number:04d}abcdefghi.cloudfront.net", "config": config, "tags": {tag["Key"]: tag.get("Value", "") for tag in tags}, "version": 1,
                        "changed_at": self.clock.now()}
        self.distributions[identifier] = distribution
        return self.answer(distribution)

    def create_distribution_with_tags(self, account, p, payload):
        p = p["DistributionConfigWithTags"]
        config = next(child for child in payload if local(child.tag) == "DistributionConfig")
        return self.create_distribution(account, {"DistributionConfig": p["DistributionConfig"]}, config, p["Tags"].get("Items", []))

    def get_distribution(self, account, p, _payload):
        return self.answer(self.find(account, p["Id"]))

    def get_distribution_config(self, account, p, _payload):
        distribution = self.find(account, p["Id"])
        return self.xml_of(distribution["config"]), {"ETag": self.etag(distribution)}

    def update_distribution(self, account, p, payload):
        distribution = self.find(account, p["Id"])
        if self.settings["interferences"] > 0:
            self.settings["interferences"] -= 1
            self.interfere(distribution)
        if "IfMatch" not in p:
            raise Fault("InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
        if p["IfMatch"] != self.etag(distribution):
            raise Fault("PreconditionFailed", "The request failed because it didn't meet the preconditions in one or more request-header fields.")
        config = self.take(account, p["DistributionConfig"], payload, distribution)
        old = self.certificate_of(distribution["config"])
        if old and old != self.certificate_of(config):
            self.past_uses.append((old, distribution["arn"], self.clock.now() + self.settings["deploy_time"] + self.settings["in_use_lag"]))
        distribution.update(config=config, version=distribution["version"] + 1, changed_at=self.clock.now())
        return self.answer(distribution)

    def list_distributions(self, account, p, _payload):
        mine = [d for d in self.distributions.values() if d["account"] == account]
        start = next((n + 1 for n, d in enumerate(mine) if d["id"] == p.get("Marker")), 0)
        size = min(int(p.get("MaxItems") or 100), self.settings["page_max"])
        page, is_truncated = mine[start:start + size], start + size < len(mine)
        root = self.element("DistributionList")
        self.put(root, "Marker", p.get("Marker", ""))
        if is_truncated:
            self.put(root, "NextMarker", page[-1]["id"])
        self.put(root, "MaxItems", str(size))
        self.put(root, "IsTruncated", "true" if is_truncated else "false")
        self.put(root, "Quantity", str(len(page)))
        items = ET.SubElement(root, self.name("Items")) if page else None
        for distribution in page:
            summary = ET.SubElement(items, self.name("DistributionSummary"))
            self.head(summary, distribution)
            for part in distribution["config"]:
                if local(part.tag) in ("Aliases", "Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors", "CustomErrorResponses", "Comment", "PriceClass",
                                       "Enabled", "ViewerCertificate", "Restrictions", "WebACLId", "HttpVersion", "IsIPV6Enabled", "Staging"):
                    summary.append(copy.deepcopy(part))
        return self.xml_of(root), {}

    def list_conflicting_aliases(self, account, p, _payload):
        distribution = self.find(account, p["DistributionId"])
        arn = self.certificate_of(distribution["config"])
        if arn is None or self.acm.usable(arn, account, [p["Alias"]]) is not None:
            raise Fault("InvalidArgument", "The certificate of the distribution must cover the alias.")
        overlapping = {p["Alias"], "*." + p["Alias"].partition(".")[2]}
        root, found = self.element("ConflictingAliasesList"), []
        for other in self.distributions.values():
            found += [(alias, other) for alias in self.aliases_of(other["config"]) if alias in overlapping and other is not distribution]
        self.put(root, "MaxItems", "100")
        self.put(root, "Quantity", str(len(found)))
        items = ET.SubElement(root, self.name("Items")) if found else None
        for alias, other in found:
            one = ET.SubElement(items, self.name("ConflictingAlias"))
            self.put(one, "Alias", alias)
            self.put(one, "DistributionId", "*" * 7 + other["id"][7:])
            self.put(one, "AccountId", "*" * 6 + other["account"][6:])
        return self.xml_of(root), {}

    def list_tags_for_resource(self, account, p, _payload):
        distribution = next((d for d in self.distributions.values() if d["arn"] == p["Resource"] and d["account"] == account), None)
        if distribution is None:
            raise Fault("NoSuchResource", "The resource was not found.")
        root = self.element("Tags")
        items = ET.SubElement(root, self.name("Items"))
        for key, value in distribution["tags"].items():
            tag = ET.SubElement(items, self.name("Tag"))
            self.put(tag, "Key", key)
            self.put(tag, "Value", value)
        return self.xml_of(root), {}

    # What a configuration must be

    def take(self, account, p, payload, distribution):
        """The configuration as CloudFront keeps it, or a Fault."""
        if distribution is not None:
            missing = [name for name in REQUIRED_IN_UPDATE if name not in p]
            if missing:
                raise Fault("IllegalUpdate", f"The update contains modifications that are not allowed: {missing} left out")
            if p["CallerReference"] != distribution["reference"]:
                raise Fault("IllegalUpdate", "The update contains modifications that are not allowed: CallerReference")
        self.service.quantities(payload)
        aliases = p.get("Aliases", {}).get("Items", [])
        self.check_aliases(aliases, distribution)
        self.check_behaviours(p)
        self.check_certificate(account, p.get("ViewerCertificate", {"CloudFrontDefaultCertificate": True}), aliases)
        config = copy.deepcopy(payload)
        self.keep_unknown(config, distribution)
        self.complete(config)
        return config

    def check_aliases(self, aliases, distribution):
        if len(aliases) > ALIASES_MAX:
            raise Fault("TooManyDistributionCNAMEs", "Your request contains more CNAMEs than are allowed per distribution.")
        for alias in aliases:
            if alias != alias.lower() or aliases.count(alias) > 1:
                raise Fault("InvalidArgument", f"The parameter CNAME contains {alias} that is not valid.")
            for other in self.distributions.values():
                if other is not distribution and alias in self.aliases_of(other["config"]):
                    raise Fault("CNAMEAlreadyExists", "One or more of the CNAMEs you provided are already associated with a different resource.")

    @staticmethod
    def check_behaviours(p):
        origins = {origin["Id"] for origin in p["Origins"]["Items"]}
        paths = [one["PathPattern"] for one in p.get("CacheBehaviors", {}).get("Items", [])]
        if len(paths) != len(set(paths)):
            raise Fault("InvalidArgument", "The same PathPattern stands there twice.")
        if len(paths) > 25:
            raise Fault("TooManyCacheBehaviors", "You cannot create more cache behaviors for the distribution.")
        for behaviour in [p["DefaultCacheBehavior"], *p.get("CacheBehaviors", {}).get("Items", [])]:
            if behaviour["TargetOriginId"] not in origins:
                raise Fault("NoSuchOrigin", "One or more of your origins or origin groups do not exist.")
            for member, known in MANAGED_POLICIES.items():
                if member in behaviour and behaviour[member] not in known:
                    raise Fault(f"NoSuch{member[:-2]}", "The policy does not exist.")
            if "CachePolicyId" not in behaviour and "ForwardedValues" not in behaviour:
                raise Fault("InvalidArgument", "A behavior needs CachePolicyId or ForwardedValues.")

    def check_certificate(self, account, certificate, aliases):
        arn = certificate.get("ACMCertificateArn")
        if certificate.get("CloudFrontDefaultCertificate"):
            if arn or aliases:
                raise Fault("InvalidViewerCertificate", "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate that "
                                                        "validates your authorization to use the domain name.")
            return
        if not arn or "SSLSupportMethod" not in certificate or "MinimumProtocolVersion" not in certificate:
            raise Fault("InvalidViewerCertificate", "A certificate of ACM needs SSLSupportMethod and MinimumProtocolVersion.")
        if certificate.get("Certificate", arn) != arn:
            raise Fault("InvalidArgument", f"The parameter ViewerCertificate names two certificates: {arn} and {certificate['Certificate']}.")
        trouble = self.acm.usable(arn, account, aliases)
        if trouble:
            raise Fault("InvalidViewerCertificate", trouble)

    def unknown_of(self, config):
        """Unknown elements with where they stand, in one spelling."""
        found = []
        for parent in config.iter():
            for child in parent:
                if local(child.tag) in ("ConnectionMode", "FutureThing", "GrpcConfig"):
                    found.append((local(parent.tag), ET.canonicalize(ET.tostring(self.without_tail(child), encoding="unicode"), with_comments=True)))
        return sorted(found)

    @staticmethod
    def without_tail(element):
        element = copy.copy(element)
        element.tail = None
        return element

    def keep_unknown(self, config, distribution):
        if distribution is not None and self.settings["unknown_elements"]:
            before, after = self.unknown_of(distribution["config"]), self.unknown_of(config)
            if before != after:
                raise Fault("InvalidArgument", f"elements were lost or changed: had {before}, got {after}")
        elif distribution is None and self.settings["unknown_elements"]:
            self.append(config, UNKNOWN)
            for behaviour in config.iter():
                if local(behaviour.tag) in ("DefaultCacheBehavior", "CacheBehavior"):
                    self.append(behaviour, UNKNOWN_IN_BEHAVIOUR)

    def complete(self, config):
        there = {local(child.tag) for child in config}
        for child in self.fragment(DEFAULTS):
            if local(child.tag) not in there:
                child.tail = None
                config.append(child)
        # The deprecated echo of the certificate (reference 8.3).
        certificate = next(child for child in config if local(child.tag) == "ViewerCertificate")
        for child in [child for child in certificate if local(child.tag) in ("Certificate", "CertificateSource")]:
            certificate.remove(child)
        arn = self.certificate_of(config)
        self.put(certificate, "Certificate", arn) if arn else None
        self.put(certificate, "CertificateSource", "acm" if arn else "cloudfront")
        if not arn and self.text(certificate, "MinimumProtocolVersion") is None:
            self.put(certificate, "MinimumProtocolVersion", "TLSv1")

    def interfere(self, distribution):
        """Somebody else changes the distribution: its function code, say."""
        comment = next(child for child in distribution["config"] if local(child.tag) == "Comment")
        comment.text = (comment.text or "") + "."
        distribution.update(version=distribution["version"] + 1, changed_at=self.clock.now())

    # What others ask

    def find(self, account, identifier):
        distribution = self.distributions.get(identifier)
        if distribution is None:
            raise Fault("NoSuchDistribution", "The specified distribution does not exist.")
        if distribution["account"] != account:
            raise Fault("AccessDenied", f"User: arn:aws:iam::{account}:user/signpost is not authorized to perform this operation on resource: {distribution['arn']}")
        return distribution

    def uses_of(self, arn):
        now = self.clock.now()
        using = [d["arn"] for d in self.distributions.values() if self.certificate_of(d["config"]) == arn]
        return list(dict.fromkeys(using + [distribution for certificate, distribution, until in self.past_uses if certificate == arn and now < until]))

    def aliases_of(self, config):
        return [cname.text for cname in config.iter(self.name("CNAME"))]

    def certificate_of(self, config):
        certificate = next((child for child in config if local(child.tag) == "ViewerCertificate"), None)
        return None if certificate is None else self.text(certificate, "ACMCertificateArn")

    def is_deployed(self, distribution):
        return self.clock.now() >= distribution["changed_at"] + self.settings["deploy_time"]

    # XML

    def answer(self, distribution):
        root = self.element("Distribution")
        self.head(root, distribution)
        self.put(root, "InProgressInvalidationBatches", "0")
        root.append(copy.deepcopy(distribution["config"]))
        return self.xml_of(root), {"ETag": self.etag(distribution), "Location": f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{distribution['id']}"}

    def head(self, root, distribution):
        changed = datetime.datetime.fromtimestamp(distribution["changed_at"], datetime.timezone.utc)
        self.put(root, "Id", distribution["id"])
        self.put(root, "ARN", distribution["arn"])
        self.put(root, "Status", "Deployed" if self.is_deployed(distribution) else "InProgress")
        self.put(root, "LastModifiedTime", changed.strftime("%Y-%m-%dT%H:%M:%S.") + f"{changed.microsecond // 1000:03d}Z")
        self.put(root, "DomainName", distribution["domain"])

    @staticmethod
    def etag(distribution):
        return f"E{distribution['version']:06d}{distribution['id'][1:6]}"

    def name(self, word):
        return f"{{{self.service.namespace}}}{word}"

    def element(self, word):
        return ET.Element(self.name(word))

    def put(self, parent, word, text):
        ET.SubElement(parent, self.name(word)).text = text

    def text(self, parent, word):
        child = parent.find(self.name(word))
        return None if child is None else child.text

    def fragment(self, text):
        parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
        return list(ET.fromstring(f'<R xmlns="{self.service.namespace}">{text}</R>', parser=parser))

    def append(self, parent, text):
        for child in self.fragment(text):
            child.tail = None
            parent.append(child)

    def xml_of(self, root):
        ET.register_namespace("", self.service.namespace)
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode").encode()
