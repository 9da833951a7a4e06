#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An independent verifier of webhooks.

Written from two published texts alone, not from Signpost's code, so that it can contradict it:
the webhook page of Entri's documentation (signatures V1 and V2, freshness, payload), and the Standard Webhooks
specification 1.0.0 (https://www.standardwebhooks.com). Python's standard library only.

    python3 tests/verifier/verify_entri.py --secret S --headers FILE --body FILE

FILE of headers: one `Name: value` a line (a status or request line at its top is skipped). Exit status 0 if every check passes: V2,
V1 in the recipe that --v1 names, Standard Webhooks, and the payload; 1 if one does not, 2 if the input cannot be read.
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import sys
import time

MAX_AGE_SECONDS = 300
MAX_FUTURE_SECONDS = 60

EVENT_TYPES = {
    "domain.added", "domain.purchased", "domain.propagation.timeout", "domain.flow.completed", "domain.record_missing",
    "domain.record_restored", "domain.transfer.in.initiated", "domain.transfer.in.started", "domain.transfer.in.ack",
    "domain.transfer.in.failed", "domain.transfer.out.initiated", "purchase.error", "purchase.confirmation.expired",
}
STATUS_VALUES = {"pending", "success", "failed", "exempt"}
MEMBER_VALUES = {
    "propagation_status": STATUS_VALUES, "dkim_status": STATUS_VALUES, "redirection_status": STATUS_VALUES,
    "secure_status": STATUS_VALUES, "power_status": STATUS_VALUES, "monitor_status": {"pending", "success", "failed"},
    "setup_type": {"automatic", "manual", "async", "api"}, "dmarc_updated": {"true", "false", "exempt"},
}
# The order of the example payload.
MEMBER_ORDER = [
    "id", "user_id", "domain", "subdomain", "provider", "type", "propagation_status", "dkim_status", "redirection_status",
    "setup_type", "secure_status", "power_status", "monitor_status", "dmarc_updated", "cname_target", "purchased_domains",
    "free_domain", "data",
]


# ── the page's own functions ────────────────────────────────────────────────────────────────────────────────

def validate_entri_signature_v2(webhook_id, client_secret, received_signature, received_timestamp,
                                max_age_seconds=MAX_AGE_SECONDS, now=None):
    """The page's V2 example; `now` stands in for time.time()."""
    try:
        current_time = int(time.time() if now is None else now)
        request_time = int(received_timestamp)
        if current_time - request_time > max_age_seconds:
            return False
        expected_signature = hashlib.sha256(
            webhook_id.encode() + received_timestamp.encode() + client_secret.encode()
        ).hexdigest()
        return hmac.compare_digest(expected_signature, received_signature)
    except (ValueError, TypeError, AttributeError):
        return False


def validate_entri_signature_v2_hmac(webhook_id, client_secret, received_signature, received_timestamp,
                                     max_age_seconds=MAX_AGE_SECONDS, now=None):
    """What the page's prose says: an HMAC-SHA256 computed with the client secret over id and timestamp."""
    try:
        current_time = int(time.time() if now is None else now)
        if current_time - int(received_timestamp) > max_age_seconds:
            return False
        message = webhook_id.encode() + received_timestamp.encode()
        expected = hmac.new(client_secret.encode(), message, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, received_signature)
    except (ValueError, TypeError, AttributeError):
        return False


def verify_webhook_signature(webhook_id, secret_token, received_signature):
    """The page's V1 example."""
    hash_obj = hashlib.sha256(webhook_id.encode("utf-8"))
    hash_obj.update(secret_token.encode("utf-8"))
    return hmac.compare_digest(hash_obj.hexdigest(), received_signature)


def verify_webhook_signature_of_body(body, secret_token, received_signature):
    """What the page's prose says of V1: the entire payload concatenated with the client secret."""
    return hmac.compare_digest(hashlib.sha256(body + secret_token.encode("utf-8")).hexdigest(), received_signature)


# ── Standard Webhooks ───────────────────────────────────────────────────────────────────────────────────────

def standard_webhooks_key(secret):
    """`whsec_` and base64 of the key; a secret without the prefix is the key itself."""
    if secret.startswith("whsec_"):
        return base64.b64decode(secret[len("whsec_"):], validate=True)
    return secret.encode()


def sign_standard(secret, webhook_id, timestamp, body):
    content = webhook_id.encode() + b"." + timestamp.encode() + b"." + body
    return base64.b64encode(hmac.new(standard_webhooks_key(secret), content, hashlib.sha256).digest()).decode()


def verify_standard(secret, webhook_id, timestamp, signatures, body, now=None):
    """True if one of the space-delimited `v1,…` entries matches and the timestamp is fresh."""
    try:
        age = int(time.time() if now is None else now) - int(timestamp)
        if age > MAX_AGE_SECONDS or age < -MAX_FUTURE_SECONDS:
            return False
        expected = sign_standard(secret, webhook_id, timestamp, body)
    except (ValueError, binascii.Error):
        return False
    found = False
    for entry in signatures.split(" "):
        version, _, signature = entry.partition(",")
        if version == "v1":
            found |= hmac.compare_digest(expected.encode(), signature.encode())
    return found


# ── a whole delivery ────────────────────────────────────────────────────────────────────────────────────────

def webhook_id_of(payload):
    """The payload's `id` (or `Id`)."""
    value = payload.get("id", payload.get("Id"))
    return value if isinstance(value, str) and value else None


def read_headers(text):
    """`Name: value` lines to a dict with lower-case names; a repeated name is an error."""
    headers = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or " " in name.strip():
            if headers:
                raise ValueError("not a header line: " + line)
            continue  # "POST /hook HTTP/1.1"
        name = name.strip().lower()
        if name in headers:
            raise ValueError("header twice: " + name)
        headers[name] = value.strip()
    return headers


def payload_problems(payload):
    """What of a payload the page does not know: values out of its lists, members out of its order, wrong record shapes."""
    problems = []
    for name in ("id", "domain", "type"):
        if not isinstance(payload.get(name), str) or not payload.get(name):
            problems.append("member missing: " + name)
    kind = payload.get("type")
    if isinstance(kind, str) and kind not in EVENT_TYPES and not kind.startswith("signpost."):
        problems.append("unknown type: " + kind)
    for name, values in MEMBER_VALUES.items():
        if name in payload and payload[name] not in values:
            problems.append("value of %s: %r" % (name, payload[name]))
    known = [name for name in payload if name in MEMBER_ORDER]
    if known != sorted(known, key=MEMBER_ORDER.index):
        problems.append("members out of order: " + ", ".join(known))
    if kind == "domain.flow.completed" and ("propagation_status" in payload or "data" in payload):
        problems.append("domain.flow.completed conveys no propagation status")
    if kind in ("domain.added", "domain.propagation.timeout") and "propagation_status" not in payload:
        problems.append("member missing: propagation_status")
    if kind == "domain.propagation.timeout" and payload.get("propagation_status") != "failed":
        problems.append("a timeout whose propagation_status is not failed")
    if "data" in payload:
        problems += data_problems(payload["data"])
    for name in payload.get("updated_objects", []):
        if name not in payload:
            problems.append("updated_objects names an absent member: " + str(name))
    return problems


def data_problems(data):
    problems = []
    for name in ("records_propagated", "records_non_propagated"):
        records = data.get(name) if isinstance(data, dict) else None
        if not isinstance(records, list):
            problems.append("data.%s is not an array" % name)
            continue
        for record in records:
            if list(record)[:3] != ["type", "host", "value"] or not all(isinstance(record[k], str) for k in ("type", "host", "value")):
                problems.append("data.%s has a record of another shape" % name)
    return problems


def verify(headers, body, secret, now=None, v1="id", v2="sha256"):
    """What was checked of one delivery, and whether it passed: a dict in the order of the checks. `headers` have lower-case names,
    `body` is the raw bytes; `v1` is "id", "body" or "off", `v2` "sha256" or "hmac"."""
    try:
        payload = json.loads(body)
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        return {"body is a JSON object": False}
    webhook_id = webhook_id_of(payload) or ""
    results = {"body has an id": webhook_id != ""}
    timestamp = headers.get("entri-timestamp", "")
    validate_v2 = validate_entri_signature_v2_hmac if v2 == "hmac" else validate_entri_signature_v2
    results["Entri-Signature-V2"] = validate_v2(webhook_id, secret, headers.get("entri-signature-v2", ""), timestamp, now=now)
    received_v1 = headers.get("entri-signature", "")
    if v1 == "id":
        results["Entri-Signature"] = verify_webhook_signature(webhook_id, secret, received_v1)
    elif v1 == "body":
        results["Entri-Signature (body)"] = verify_webhook_signature_of_body(body, secret, received_v1)
    else:
        results["no Entri-Signature"] = "entri-signature" not in headers
    results["webhook-signature"] = verify_standard(secret, headers.get("webhook-id", ""), headers.get("webhook-timestamp", ""),
                                                   headers.get("webhook-signature", ""), body, now=now)
    results["webhook-id is the event_id"] = headers.get("webhook-id") == payload.get("event_id")
    problems = payload_problems(payload)
    results["payload" + (": " + "; ".join(problems) if problems else "")] = not problems
    return results


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Verifies one webhook, independently of Signpost.")
    parser.add_argument("--secret", required=True)
    parser.add_argument("--headers", required=True, help="file of `Name: value` lines")
    parser.add_argument("--body", required=True, help="file of the raw body bytes")
    parser.add_argument("--now", type=int, help="epoch seconds instead of the clock")
    parser.add_argument("--v1", choices=["id", "body", "off"], default="id")
    parser.add_argument("--v2", choices=["sha256", "hmac"], default="sha256")
    options = parser.parse_args(arguments)
    try:
        with open(options.headers, encoding="utf-8") as file:
            headers = read_headers(file.read())
        with open(options.body, "rb") as file:
            body = file.read()
    except (OSError, ValueError) as error:
        print("cannot read the input: %s" % error, file=sys.stderr)
        return 2
    results = verify(headers, body, options.secret, now=options.now, v1=options.v1, v2=options.v2)
    for what, passed in results.items():
        print(("ok    " if passed else "WRONG ") + what)
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
