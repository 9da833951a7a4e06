#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes `verifications` of webhooks.json: what a receiver may get, and what it must find. Hashes are Python's own, nothing of ours.

    python3 tests/vectors/make_webhooks.py

Every verifier reads them: the C++, TypeScript and Python packages, and `signpost webhook verify` through the first. `part` is what a
verifier must call wrong first. A body that is no text stands in `body_base64`.
"""

import base64
import hashlib
import hmac
import json
import pathlib

FILE = pathlib.Path(__file__).with_name("webhooks.json")
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="  # the octets 0 to 31
OTHER = "whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM="
RAW = "plain-secret-of-an-old-integration"
ODD = "whsec_this is no base64"
SHORT = "whsec_AAECAwQFBgcICQoLDA0O"  # 15 bytes
ENOUGH = "whsec_AAECAwQFBgcICQoLDA0ODw=="  # 16
FLOW, EVENT, AT = "1234567890-abcdefg-1234567890", "evt_0000000000001", 1800000000
BODY = f'{{"id":"{FLOW}","type":"domain.added","event_id":"{EVENT}"}}'.encode()


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).hexdigest()


def standard(secret, event, timestamp, body):
    key = secret.encode()
    if secret.startswith("whsec_") and secret not in (ODD, "whsec_=oops"):
        key = base64.b64decode(secret[6:])
    return base64.b64encode(hmac.new(key, f"{event}.{timestamp}.".encode() + body, hashlib.sha256).digest()).decode()


def sent(secret=SECRET, body=BODY, flow=FLOW, event=EVENT, at=AT, v2="sha256", v1="id", secrets=None):
    """The headers of a delivery, as seed 001 and Standard Webhooks describe them."""
    timestamp, key, ident = str(at), secret.encode(), flow.encode()
    two = sha(ident, timestamp.encode(), key) if v2 == "sha256" else hmac.new(key, ident + timestamp.encode(), hashlib.sha256).hexdigest()
    one = sha(ident, key) if v1 == "id" else sha(body, key)
    return {"Entri-Timestamp": timestamp, "Entri-Signature-V2": two, "Entri-Signature": one, "webhook-id": event, "webhook-timestamp": timestamp,
            "webhook-signature": " ".join("v1," + standard(one_of, event, timestamp, body) for one_of in secrets or [secret])}


def replay_key(ident, timestamp, body):
    ident, timestamp = ident.encode(), timestamp.encode()
    return sha(b"%d:%s:%d:%s:" % (len(ident), ident, len(timestamp), timestamp), hashlib.sha256(body).digest())


def case(name, kind, headers, body=BODY, secrets=(SECRET,), now=AT + 5, accept=("standard", "v2"), form=None, part=None, flow=FLOW):
    headers = list(headers.items()) if isinstance(headers, dict) else headers
    text = {"body": body.decode()} if is_text(body) else {"body_base64": base64.b64encode(body).decode()}
    expect = {"ok": form is not None}
    if form:
        named = {k.lower(): v for k, v in headers}
        ident = named["webhook-id"] if form == "standard" else flow
        timestamp = {"standard": named.get("webhook-timestamp"), "v2": named.get("entri-timestamp"), "v2_hmac": named.get("entri-timestamp")}.get(form, "")
        expect.update(form=form, id=ident, timestamp=timestamp, replay_key=replay_key(ident, timestamp, body))
    else:
        expect["part"] = part
    return {"name": name, "kind": kind, "secrets": list(secrets), "accept": list(accept), "now": now, "headers": [list(pair) for pair in headers], **text, "expect": expect}


def is_text(body):
    try:
        body.decode()
        return True
    except UnicodeDecodeError:
        return False


def only(*names, headers=None):
    return {name: value for name, value in (headers or sent()).items() if name in names}


def but(**changes):
    headers = sent()
    for name, value in changes.items():
        name = {"signature": "webhook-signature", "id": "webhook-id", "timestamp": "webhook-timestamp", "v2": "Entri-Signature-V2", "entri_timestamp": "Entri-Timestamp"}[name]
        headers.pop(name) if value is None else headers.__setitem__(name, value)
    return headers


def genuine():
    unicode_body = '{"id":"gr\u00fc\u00dfe","user_id":"\U0001f642","type":"domain.added"}'.encode()
    escaped_body = b'{"id":"gr\\u00fc\\u00dfe \\ud83d\\ude42","type":"domain.added"}'
    v2 = ("Entri-Timestamp", "Entri-Signature-V2")
    return [
        case("all headers", "accepted", sent(), form="standard"),
        case("the Entri headers alone", "accepted", only(*v2), form="v2"),
        case("the Standard Webhooks headers alone", "accepted", only("webhook-id", "webhook-timestamp", "webhook-signature"), form="standard"),
        case("names in capitals", "header spelling", {k.upper(): v for k, v in sent().items()}, form="standard"),
        case("names in small letters, V2", "header spelling", {k.lower(): v for k, v in only(*v2).items()}, form="v2"),
        case("300 s old", "age", sent(), now=AT + 300, form="standard"),
        case("60 s ahead", "age", sent(), now=AT - 60, form="standard"),
        case("V2 by HMAC where it is named", "HMAC form", sent(v2="hmac"), accept=["v2_hmac"], form="v2_hmac"),
        case("both recipes of V2 accepted", "HMAC form", only(*v2, headers=sent(v2="hmac")), accept=["v2", "v2_hmac"], form="v2_hmac"),
        case("a raw secret", "raw secret", sent(secret=RAW), secrets=[RAW], form="standard"),
        case("a raw secret, V2", "raw secret", only(*v2, headers=sent(secret=RAW)), secrets=[RAW], form="v2"),
        case("whsec_ before what is no base64: its bytes", "whsec_ secret", sent(secret=ODD), secrets=[ODD], form="standard"),
        case("whsec_ before 16 bytes", "whsec_ secret", sent(secret=ENOUGH), secrets=[ENOUGH], form="standard"),
        case("a raw secret of few bytes, as its maker chose", "raw secret", only(*v2, headers=sent(secret="s3cr3t")), secrets=["s3cr3t"], form="v2"),
        case("a body nested 32 deep, V2", "nesting", only(*v2), body=nested(32), form="v2"),
        case("a body nested without end, Standard Webhooks", "nesting", sent(body=nested(4000)), body=nested(4000), form="standard"),
        case("brackets in a text are no nesting, V2", "nesting", only(*v2), body=f'{{"id":"{FLOW}","a":"{"[" * 40}\\\"{"{" * 40}"}}'.encode(), form="v2"),
        case("the second of our own secrets", "own secret list", sent(), secrets=[OTHER, SECRET], form="standard"),
        case("the second of our own secrets, V2", "own secret list", only(*v2), secrets=[OTHER, SECRET], form="v2"),
        case("several signatures, one good", "several signatures", sent(secrets=[OTHER, SECRET]), form="standard"),
        case("signatures of other versions are passed over", "several signatures", but(signature="v1a,AAAA v2,x " + sent()["webhook-signature"]), form="standard"),
        case("a rotation: Entri headers of the old secret", "several signatures", sent(secrets=[OTHER, SECRET]), secrets=[OTHER], form="standard"),
        case("Id with a capital", "Id spelling", only(*v2), body=f'{{"Id":"{FLOW}"}}'.encode(), form="v2"),
        case("id and Id: id", "Id spelling", only(*v2), body=f'{{"Id":"other","id":"{FLOW}"}}'.encode(), form="v2"),
        case("id twice: the last", "Id spelling", only(*v2), body=f'{{"id":"other","id":"{FLOW}"}}'.encode(), form="v2"),
        case("a body that is not ASCII", "non-ASCII body", sent(body=unicode_body, flow="gr\u00fc\u00dfe"), body=unicode_body, form="standard"),
        case("an id that is not ASCII, V2", "non-ASCII body", only(*v2, headers=sent(flow="gr\u00fc\u00dfe")), body=unicode_body, form="v2", flow="gr\u00fc\u00dfe"),
        case("an id with escapes, V2", "non-ASCII body", only(*v2, headers=sent(flow="gr\u00fc\u00dfe \U0001f642")), body=escaped_body, form="v2", flow="gr\u00fc\u00dfe \U0001f642"),
        case("an empty body", "empty body", sent(body=b""), body=b"", form="standard"),
        case("bytes that are no text", "no text", sent(body=b"\xff\x00\xfe"), body=b"\xff\x00\xfe", form="standard"),
        case("V1 where it is named", "V1 only", only("Entri-Signature"), accept=["v1"], form="v1"),
        case("V1 of the body where it is named", "V1 only", only("Entri-Signature", headers=sent(v1="body")), accept=["v1_of_body"], form="v1_of_body"),
    ]


def wrong():
    v2 = ("Entri-Timestamp", "Entri-Signature-V2")
    entri, good = only(*v2), sent()
    spaced = json.dumps(json.loads(BODY)).encode()
    one = good["webhook-signature"]
    return [
        case("another secret", "wrong secret", sent(), secrets=[OTHER], part="secret"),
        case("another secret, V2", "wrong secret", entri, secrets=[OTHER], part="secret"),
        case("a secret with a line end", "secret with blanks", sent(), secrets=[SECRET + "\n"], part="secret"),
        case("no secret", "no secret", sent(), secrets=[], part="secret"),
        *bad_secrets(),
        case("a body nested 33 deep, V2", "nesting", entri, body=nested(33), part="body"),
        case("nested 33 deep in a member that comes twice, V2", "nesting", entri, body=nested(33)[:-1] + b',"a":1}', part="body"),
        case("301 s old", "stale", sent(), now=AT + 301, part="timestamp"),
        case("301 s old, V2", "stale", entri, now=AT + 301, part="timestamp"),
        case("61 s ahead", "future", sent(), now=AT - 61, part="timestamp"),
        case("no signature at all", "missing header", {"Content-Type": "application/json"}, part="headers"),
        case("no webhook-id", "missing header", but(id=None), part="headers"),
        case("no webhook-timestamp", "missing header", but(timestamp=None), part="headers"),
        case("no Entri-Timestamp", "missing header", only("Entri-Signature-V2"), part="headers"),
        case("an empty webhook-id", "empty header", but(id=""), part="headers"),
        case("a signature that is none", "malformed header", but(signature="garbage"), part="headers"),
        case("a signature without base64", "malformed header", but(signature="v1,!!!!"), part="headers"),
        case("a V2 signature that is none", "malformed header", {**entri, "Entri-Signature-V2": "zz"}, part="headers"),
        case("only a signature of another version", "other version", but(signature="v1a," + one[3:]), part="headers"),
        case("the body with blanks", "re-serialised body", sent(), body=spaced, part="body"),
        case("a changed body", "re-serialised body", sent(), body=BODY.replace(b"added", b"ADDED"), part="body"),
        case("another webhook-id", "wrong id", but(id="evt_0000000000009"), part="id"),
        case("another id in the body, V2", "wrong id", entri, body=b'{"id":"another"}', part="secret"),
        case("V1 alone", "V1 only", only("Entri-Signature"), part="headers"),
        case("V2 in capitals", "uppercase hex", {**entri, "Entri-Signature-V2": entri["Entri-Signature-V2"].upper()}, part="headers"),
        case("half a signature", "truncated signature", but(signature=one[:25]), part="headers"),
        case("half a V2 signature", "truncated signature", {**entri, "Entri-Signature-V2": entri["Entri-Signature-V2"][:32]}, part="headers"),
        case("several signatures, none good", "several signatures", sent(secret=OTHER, secrets=[OTHER, RAW]), part="secret"),
        case("a signature header twice", "duplicate header", list(good.items()) + [("webhook-signature", "v1,AAAA")], part="headers"),
        case("a timestamp header twice, V2", "duplicate header", list(entri.items()) + [("entri-timestamp", str(AT))], part="headers"),
        case("HMAC where only the digest is accepted", "HMAC form", only(*v2, headers=sent(v2="hmac")), part="signature"),
        case("the digest where only HMAC is accepted", "HMAC form", entri, accept=["v2_hmac"], part="signature"),
        case("a timestamp of later", "changed timestamp", but(timestamp=str(AT + 1)), part="timestamp"),
        case("a timestamp of later, V2", "changed timestamp", {**sent(), "Entri-Timestamp": str(AT + 1)}, accept=["v2"], part="timestamp"),
        case("milliseconds", "malformed timestamp", but(timestamp=str(AT * 1000)), part="timestamp"),
        case("a word for a timestamp", "malformed timestamp", but(timestamp="soon"), part="timestamp"),
        case("a negative timestamp", "malformed timestamp", but(timestamp="-5"), part="timestamp"),
        case("a fraction", "malformed timestamp", but(timestamp=f"{AT}.5"), part="timestamp"),
        case("digits that are not ASCII", "malformed timestamp", but(timestamp="\u0661\u0668\u0660\u0660"), part="timestamp"),
        case("ID in capitals, V2", "no id", entri, body=f'{{"ID":"{FLOW}"}}'.encode(), part="id"),
        case("a number for an id, V2", "no id", entri, body=b'{"id":7}', part="id"),
        case("an empty id, V2", "no id", entri, body=b'{"id":""}', part="id"),
        case("an array, V2", "no object", entri, body=b"[1]", part="body"),
        case("no JSON, V2", "no JSON", entri, body=b"{", part="body"),
        case("JSON and more, V2", "no JSON", entri, body=BODY + b"}", part="body"),
        case("NaN is no JSON, V2", "no JSON", entri, body=f'{{"id":"{FLOW}","a":NaN}}'.encode(), part="body"),
        case("no UTF-8, V2", "no JSON", entri, body=f'{{"id":"{FLOW}","a":"'.encode() + b'\xff"}', part="body"),
        case("a byte order mark, V2", "no JSON", entri, body=b"\xef\xbb\xbf" + BODY, part="body"),
        case("an empty body, V2", "empty body", entri, body=b"", part="body"),
        case("a right V2 does not save a wrong stronger form", "strongest decides", {**sent(secret=OTHER), **entri}, part="body"),
        case("a damaged V2 beside a right signature", "damaged signature", {**good, "Entri-Signature-V2": "a" * 64}, accept=["v2"], part="signature"),
        case("V1 of the body, and another body", "re-serialised body", sent(v1="body"), body=BODY + b" ", accept=["v1_of_body"], part="body"),
        case("no form accepted", "nothing accepted", sent(), accept=[], part="headers"),
    ]


def bad_secrets():
    """Everybody can sign with an empty secret, so what is signed with one proves nothing: in every form, and beside a good one."""
    forms = [("standard", {}), ("v2", {}), ("v2_hmac", {"v2": "hmac"}), ("v1", {}), ("v1_of_body", {"v1": "body"})]
    header = {"standard": "webhook-signature", "v2": "Entri-Signature-V2", "v2_hmac": "Entri-Signature-V2"}
    cases = []
    for form, how in forms:
        for called, secret in (("an empty secret", ""), ("whsec_ and nothing", "whsec_"), ("whsec_ before 15 bytes", SHORT)):
            headers = only("webhook-id", "webhook-timestamp", "Entri-Timestamp", header.get(form, "Entri-Signature"), headers=sent(secret=secret, **how))
            cases.append(case(f"{called}, {form}", "empty secret", headers, secrets=[secret], accept=[form], part="secret"))
    return cases + [
        case("an empty secret beside a good one", "empty secret", sent(secret=""), secrets=[SECRET, ""], part="secret"),
        case("a good signature, and an empty secret in the list", "empty secret", sent(), secrets=["", SECRET], part="secret"),
        case("blanks for a secret", "empty secret", sent(secret=" \n"), secrets=[" \n"], part="secret"),
        case("whsec_ before little that is no base64", "empty secret", sent(secret="whsec_=oops"), secrets=["whsec_=oops"], part="secret"),
    ]


def nested(depth):
    """An object of so many levels."""
    return f'{{"id":"{FLOW}","a":{"[" * (depth - 1)}{"]" * (depth - 1)}}}'.encode()


def main():
    vectors = json.loads(FILE.read_text())
    vectors.pop("verifications", None)
    lines = ",\n".join("  " + json.dumps(one, ensure_ascii=False) for one in genuine() + wrong())
    FILE.write_text(json.dumps(vectors, indent=1, ensure_ascii=False)[:-2] + ',\n "verifications": [\n' + lines + "\n ]\n}\n")


if __name__ == "__main__":
    main()
