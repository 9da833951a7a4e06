# SPDX-License-Identifier: Apache-2.0
"""Signature Version 4 seen from AWS's side: the signature is made again from the bytes that arrived, and compared.

Written from AWS's description ("Create a signed AWS API request"), not from any client's code: path encoded twice, query sorted and every
parameter with its '=', headers by name, blanks folded, all x-amz-* headers and host signed.
"""

import datetime
import hashlib
import hmac
import re
import urllib.parse

from aws.faults import Fault

SKEW_MAX = 300
HEADER = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/ ,]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})")


def encode(text):
    return urllib.parse.quote(text, safe="-._~")


def canonical_path(raw):
    """Of what was sent, already encoded once: without redundant segments, and encoded again, as every service but S3 does."""
    kept = []
    for part in raw.split("/")[1:]:
        if part == "..":
            kept = kept[:-1]
        elif part not in ("", "."):
            kept.append(encode(part))
    return "/" + "/".join(kept) + ("/" if kept and raw.endswith("/") else "")


def canonical_query(raw):
    pairs = []
    for parameter in raw.split("&") if raw else []:
        name, _, value = parameter.partition("=")
        pairs.append((encode(urllib.parse.unquote(name)), encode(urllib.parse.unquote(value))))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def digest(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Checker:
    """Owned by the server. `keys` maps an access key to {"secret", "account", "token", "expires"}."""

    def __init__(self, keys, clock):
        self.keys, self.clock = keys, clock

    def check(self, service, request):
        """The account that signed; Fault with the service's own spelling of what is wrong."""
        is_json = service == "acm"

        def refuse(code, json_code, message, status=403):
            raise Fault(json_code if is_json else code, message, 400 if is_json else status)

        authorization = request.header("authorization")
        if not authorization:
            refuse("MissingAuthenticationToken", "MissingAuthenticationTokenException", "Request is missing Authentication Token")
        match = HEADER.fullmatch(authorization)
        if not match:
            refuse("IncompleteSignature", "IncompleteSignatureException", f"Authorization header is not well formed: {authorization}")
        key_id, day, region, scope_service, signed, signature = match.groups()
        key = self.keys.get(key_id)
        token = request.header("x-amz-security-token") or ""
        if key is None or not hmac.compare_digest(token, key.get("token", "")):
            refuse("InvalidClientTokenId", "UnrecognizedClientException", "The security token included in the request is invalid.")
        if key.get("expires") is not None and self.clock.now() > key["expires"]:
            refuse("ExpiredToken", "ExpiredTokenException", "The security token included in the request is expired")
        date = request.header("x-amz-date") or ""
        if not re.fullmatch(r"\d{8}T\d{6}Z", date) or date[:8] != day:
            refuse("SignatureDoesNotMatch", "InvalidSignatureException", "Date in Credential scope does not match X-Amz-Date")
        self.check_age(date, refuse)
        if scope_service != service or (service == "cloudfront" and region != "us-east-1"):
            refuse("SignatureDoesNotMatch", "InvalidSignatureException", f"Credential should be scoped to service {service}, not {scope_service} in {region}")
        canonical = self.canonical_request(request, signed.split(";"), refuse)
        signing_key = digest(digest(digest(digest(f"AWS4{key['secret']}".encode(), day), region), service), "aws4_request")
        text = "\n".join(["AWS4-HMAC-SHA256", date, f"{day}/{region}/{service}/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
        if not hmac.compare_digest(digest(signing_key, text).hex(), signature):
            # AWS shows what it signed, session token included.
            refuse("SignatureDoesNotMatch", "InvalidSignatureException",
                   "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.\n\n"
                   f"The Canonical String for this request should have been\n'{canonical}'\n\nThe String-to-Sign should have been\n'{text}'\n")
        return key["account"], region

    def check_age(self, date, refuse):
        sent = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
        here = self.clock.real()
        shown = datetime.datetime.fromtimestamp(here, datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        if sent < here - SKEW_MAX:
            refuse("SignatureDoesNotMatch", "InvalidSignatureException", f"Signature expired: {date} is now earlier than {shown} (- 5 min.)")
        if sent > here + SKEW_MAX:
            refuse("SignatureDoesNotMatch", "InvalidSignatureException", f"Signature not yet current: {date} is still later than {shown} (+ 5 min.)")

    @staticmethod
    def canonical_request(request, signed, refuse):
        must = {"host"} | {name for name in request.names() if name.startswith("x-amz-")}
        if signed != sorted(signed) or not must <= set(signed):
            refuse("SignatureDoesNotMatch", "InvalidSignatureException", f"'{sorted(must - set(signed))}' must be a 'SignedHeader' in the AWS Authorization.")
        lines = []
        for name in signed:
            values = request.all(name)
            if not values:
                refuse("SignatureDoesNotMatch", "InvalidSignatureException", f"the signed header {name} did not arrive")
            lines.append(f"{name}:" + ",".join(re.sub(" +", " ", value.strip()) for value in values) + "\n")
        payload = hashlib.sha256(request.body).hexdigest()
        named = request.header("x-amz-content-sha256")
        if named is not None and named != payload:
            refuse("SignatureDoesNotMatch", "InvalidSignatureException", "x-amz-content-sha256 is not the hash of the body")
        path, _, query = request.target.partition("?")
        return "\n".join([request.method, canonical_path(path), canonical_query(query), "".join(lines), ";".join(signed), payload])
