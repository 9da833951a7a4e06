# SPDX-License-Identifier: Apache-2.0
"""Is a received webhook genuine, and if not, which part is wrong? The signatures of Signpost and Entri; the standard library and nothing else.

    webhook = signpost_webhooks.verify(request.headers, request.body, os.environ["SIGNPOST_SECRET"])

`body` is the raw bytes as received, before any parsing. No secret is ever part of a message, and signatures are compared in constant time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
import re
import threading
import time
from collections import OrderedDict
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

__all__ = ["FORMS", "MAX_AGE_SECONDS", "MAX_FUTURE_SECONDS", "ReplayGuard", "VerificationError", "Webhook", "verify"]
__version__ = "0.1.0"

MAX_AGE_SECONDS = 300
MAX_FUTURE_SECONDS = 60
SECRETS_TRIED_MAX = 16
SIGNATURES_READ_MAX = 32
NESTING_MAX = 32  # of a body whose id is read
KEY_BYTES_MIN = 16  # behind whsec_; the length of a raw secret is the choice of whoever made it


class _Form(NamedTuple):
    name: str
    signature_header: str
    timestamp_header: str  # empty: it has none


# Strongest first. V1 has no timestamp and, as Entri's code computes it, does not cover the body: never accepted unless named.
_STANDARD = _Form("standard", "webhook-signature", "webhook-timestamp")
_V2_HMAC = _Form("v2_hmac", "Entri-Signature-V2", "Entri-Timestamp")
_V2 = _Form("v2", "Entri-Signature-V2", "Entri-Timestamp")
_V1_OF_BODY = _Form("v1_of_body", "Entri-Signature", "")
_V1 = _Form("v1", "Entri-Signature", "")
_ALL = (_STANDARD, _V2_HMAC, _V2, _V1_OF_BODY, _V1)
FORMS = tuple(form.name for form in _ALL)

HeadersLike = Union[Mapping[str, Union[str, Sequence[str]]], Iterable[Tuple[str, str]]]


class VerificationError(Exception):
    """The webhook must not be trusted. `part` says what is wrong: "headers", "timestamp", "secret", "signature", "id", "body" or "replay"."""

    def __init__(self, part: str, message: str):
        super().__init__(message)
        self.part = part


class Webhook(NamedTuple):
    """A genuine webhook."""

    form: str  # which signature proved it
    id: str  # webhook-id, or the body's id where an Entri form proved it
    timestamp: str  # epoch seconds as sent; empty for V1
    replay_key: str  # 64 hex digits, of id, timestamp and the body's SHA-256: unique in your table of what was received
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class ReplayGuard:
    """Remembers what was accepted while its timestamp is still fresh; full, it forgets the oldest. Any thread.

    Several processes share a table with a unique key on Webhook.replay_key instead.
    """

    def __init__(self, entries_max: int = 65536, window_seconds: int = MAX_AGE_SECONDS + MAX_FUTURE_SECONDS):
        self._entries_max, self._window = entries_max, window_seconds
        self._forget_at: "OrderedDict[str, float]" = OrderedDict()  # oldest first
        self._lock = threading.Lock()

    def is_new(self, replay_key: str, now: float, window_seconds: int = 0) -> bool:
        """Notes the key of a webhook that was verified; False if it has been noted before. It is kept for the guard's window, or the
        longer one given here: `verify` gives the one it accepts webhooks in."""
        with self._lock:
            while self._forget_at and next(iter(self._forget_at.values())) < now:
                self._forget_at.popitem(last=False)
            if replay_key in self._forget_at:
                return False
            self._forget_at[replay_key] = now + max(self._window, window_seconds)
            if len(self._forget_at) > self._entries_max:
                self._forget_at.popitem(last=False)
            return True

    def __len__(self) -> int:
        return len(self._forget_at)


def verify(
    headers: HeadersLike,
    body: Union[bytes, bytearray, memoryview, str],
    secrets: Union[str, Sequence[str]],
    *,
    accept: Sequence[str] = ("standard", "v2"),
    max_age_seconds: int = MAX_AGE_SECONDS,
    max_future_seconds: int = MAX_FUTURE_SECONDS,
    now: Optional[float] = None,
    replay_guard: Optional[ReplayGuard] = None,
) -> Webhook:
    """The webhook if it is genuine, fresh and, with a `replay_guard`, new; else VerificationError.

    `headers` is a mapping or pairs, names in any case. The strongest accepted form whose header is there decides: a body that Standard
    Webhooks refuses is refused even if V2, which does not cover it, agrees. `accept` takes the names of FORMS.
    """
    unknown = [name for name in accept if name not in FORMS]
    if unknown:
        raise ValueError(f"there is no form of signature {unknown[0]!r}: it is one of {', '.join(FORMS)}")
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise TypeError("body must be the raw bytes as received, not what they were parsed into")
    now = math.floor(time.time() if now is None else now)  # whole seconds for the age and for the guard, or the guard forgets a moment too soon
    inspection = _Inspection(_pairs(headers), bytes(body), [secrets] if isinstance(secrets, str) else list(secrets), accept)
    webhook = inspection.run(now, max_age_seconds, max_future_seconds)
    if replay_guard is not None and not replay_guard.is_new(webhook.replay_key, now, max_age_seconds + max_future_seconds):
        raise VerificationError("replay", "this webhook has been received before: a replay, or a repeated delivery; answer 200 and do nothing")
    return webhook


def _pairs(headers: HeadersLike) -> List[Tuple[str, str]]:
    if not isinstance(headers, Mapping):
        return [(str(name), str(value)) for name, value in headers]
    pairs: List[Tuple[str, str]] = []
    for name, value in headers.items():
        pairs += [(str(name), str(value))] if isinstance(value, str) else [(str(name), str(one)) for one in value]
    return pairs


def _sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _is_same(wanted: str, sent: str) -> bool:
    return hmac.compare_digest(wanted.encode(), sent.encode("utf-8", "replace"))


def _from_base64(text: str) -> Optional[bytes]:
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if base64.b64encode(decoded).decode() == text else None


def _standard_key(secret: str) -> bytes:
    """What `whsec_` stands before, decoded; a secret without it, or that is no base64 behind it, keys with its bytes."""
    decoded = _from_base64(secret[6:]) if secret.startswith("whsec_") else None
    return secret.encode() if decoded is None else decoded


def _secret_problem(secret: str) -> str:
    """What everybody knows is no secret: an empty one, and `whsec_` with hardly a key behind it. Empty if it is sound."""
    if not secret.strip():
        return "the secret is empty: anybody could sign with it; is the environment variable set?"
    behind = secret.strip()[6:] if secret.strip().startswith("whsec_") else None
    if behind is None:
        return ""
    decoded = _from_base64(behind)
    if len(behind.encode("utf-8", "replace") if decoded is None else decoded) >= KEY_BYTES_MIN:
        return ""
    return f"the secret is cut short: behind whsec_ there is a key of at least {KEY_BYTES_MIN} bytes"


def _signature(form: _Form, ident: str, timestamp: str, body: bytes, secret: str) -> str:
    try:
        message, key = (ident + timestamp).encode(), secret.encode()
    except UnicodeEncodeError:  # an id with half a surrogate pair
        return ""
    if form is _STANDARD:
        signed = f"{ident}.{timestamp}.".encode() + body
        return base64.b64encode(hmac.new(_standard_key(secret), signed, hashlib.sha256).digest()).decode()
    if form is _V2_HMAC:
        return hmac.new(key, message, hashlib.sha256).hexdigest()
    if form is _V1_OF_BODY:
        return _sha256(body, key).hex()
    return _sha256(message, key).hex()  # V1 has no timestamp


def _standard_signatures(listed: str) -> List[str]:
    """The `v1,…` entries; other versions are for other keys and are passed over, as the specification says."""
    return [one[3:] for one in listed.split(" ") if one.startswith("v1,")][:SIGNATURES_READ_MAX]


_STRINGS_AND_BRACKETS = re.compile(r'"(?:[^"\\]+|\\.)*"|[\[\]{}]')


def _nesting(text: str) -> int:
    """How deep JSON that has been parsed is nested; counted in the text, since of a name that comes twice the parser keeps one value."""
    depth = deepest = 0
    for found in _STRINGS_AND_BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found.group(), 0)
        deepest = max(deepest, depth)
    return deepest


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


class _Inspection:
    def __init__(self, headers: List[Tuple[str, str]], body: bytes, secrets: List[str], accept: Sequence[str]):
        self.values: Dict[str, List[str]] = {}
        for name, value in headers:
            self.values.setdefault(name.lower(), []).append(value)
        self.body, self.secrets, self.accept = body, secrets[:SECRETS_TRIED_MAX], accept
        self.body_problem, members = "", {}
        try:
            text = body.decode()
            parsed = json.loads(text, parse_constant=_no_constant)
            if _nesting(text) > NESTING_MAX:
                raise ValueError("nested too deep")
            if isinstance(parsed, dict):
                members = parsed
            else:
                self.body_problem = "the body is JSON, but not an object"
        except (ValueError, RecursionError):
            self.body_problem = f"the body is not JSON, or nested deeper than {NESTING_MAX}"
        texts = {name: value for name, value in members.items() if name in ("id", "Id", "event_id") and isinstance(value, str)}
        self.body_id = texts.get("id") or texts.get("Id") or ""
        self.event_id = texts.get("event_id", "")

    def run(self, now: int, max_age: int, max_future: int) -> Webhook:
        if not self.secrets:
            raise VerificationError("secret", "no secret was given to verify with")
        for problem in map(_secret_problem, self.secrets):
            if problem:
                raise VerificationError("secret", problem)
        forms = self.deciding_forms()
        if not forms:
            raise self.nothing_to_verify()
        self.check_headers(forms[0])
        self.check_id(forms)
        self.check_timestamp(forms[0], now, max_age, max_future)
        for form in forms:
            if self.matches(form):
                return self.accepted(form)
        raise self.explain(forms[0])

    def value(self, name: str) -> str:
        return self.values.get(name.lower(), [""])[0]

    def id_of(self, form: _Form) -> str:
        return self.value("webhook-id") if form is _STANDARD else self.body_id

    def timestamp_of(self, form: _Form) -> str:
        return self.value(form.timestamp_header) if form.timestamp_header else ""

    def matches_with(self, form: _Form, ident: str, timestamp: str, secret: str) -> bool:
        wanted, sent = _signature(form, ident, timestamp, self.body, secret), self.value(form.signature_header)
        if not wanted:
            return False
        found = False
        for one in _standard_signatures(sent) if form is _STANDARD else [sent]:
            found |= _is_same(wanted, one)
        return found

    def matches(self, form: _Form) -> bool:
        """As sent, under any secret."""
        if not self.id_of(form) and form is not _V1_OF_BODY:
            return False
        found = False
        for secret in self.secrets:
            found |= self.matches_with(form, self.id_of(form), self.timestamp_of(form), secret)
        return found

    def matches_v2(self) -> bool:
        return self.matches(_V2) or self.matches(_V2_HMAC)

    def deciding_forms(self) -> List[_Form]:
        """The accepted forms of the strongest signature header that is there: both V2 recipes share one, as both of V1 do."""
        there = [form for form in _ALL if form.name in self.accept and form.signature_header.lower() in self.values]
        return [form for form in there if form.signature_header == there[0].signature_header]

    def nothing_to_verify(self) -> VerificationError:
        names = list(OrderedDict.fromkeys(form.signature_header for form in _ALL if form.name in self.accept))
        if not names:
            return VerificationError("headers", "no signature form is accepted: name at least one")
        message = f"no signature to verify: none of the accepted headers is there ({', '.join(names)})"
        if "entri-signature" in self.values:
            message += "; Entri-Signature (V1) is there, but V1 is not accepted: it has no timestamp, so anybody can replay it"
        return VerificationError("headers", message)

    def accepted(self, form: _Form) -> Webhook:
        ident, timestamp = self.id_of(form), self.timestamp_of(form)
        # The lengths keep one pair of id and timestamp from being spelled as another.
        measured = [b"%d:%s:" % (len(text), text) for text in (ident.encode(), timestamp.encode())]
        return Webhook(form.name, ident, timestamp, _sha256(*measured, _sha256(self.body)).hex(), self.body)

    def check_headers(self, form: _Form) -> None:
        needed = [form.signature_header] + (["webhook-id"] if form is _STANDARD else []) + ([form.timestamp_header] if form.timestamp_header else [])
        for name in needed:
            found = self.values.get(name.lower(), [])
            if len(found) != 1 or not found[0]:
                state = "is missing" if not found else "is empty" if len(found) == 1 else "is there more than once"
                raise VerificationError("headers", f"{name} {state}")
        sent = self.value(form.signature_header)
        if form is _STANDARD:
            if not any(len(_from_base64(one) or b"") == 32 for one in _standard_signatures(sent)):
                raise VerificationError("headers", "webhook-signature is malformed: it has no entry of the form v1,<base64 of 32 bytes>")
        elif len(sent) != 64 or sent.strip("0123456789abcdef"):
            raise VerificationError("headers", f"{form.signature_header} is malformed: 64 lower-case hex digits were expected")

    def check_id(self, forms: List[_Form]) -> None:
        """Only what no accepted form needs may be missing."""
        if self.body_id or forms[0] is _STANDARD or _V1_OF_BODY in forms:
            return
        if self.body_problem:
            raise VerificationError("body", self.body_problem)
        raise VerificationError("id", "the body has no member id (or Id) that is a string: the Entri signatures cover it")

    def check_timestamp(self, form: _Form, now: int, max_age: int, max_future: int) -> None:
        name, sent = form.timestamp_header, self.timestamp_of(form)
        if not name:
            return
        if not (sent.isascii() and sent.isdigit()) or len(sent) > 12:
            raise VerificationError("timestamp", f"{name} is malformed: epoch seconds were expected, found {sent[:40]!a}")
        age = now - int(sent)
        if age > max_age:
            raise VerificationError("timestamp", f"{name} is stale: {age} s old, at most {max_age} s are accepted; a replay, or your clock is fast")
        if -age > max_future:
            raise VerificationError("timestamp", f"{name} lies {-age} s in the future, at most {max_future} s are accepted; is your clock slow?")

    # ── what is wrong? ──

    def explain(self, form: _Form) -> VerificationError:
        for secret in self.secrets:
            if secret.strip() != secret and self.matches_with(form, self.id_of(form), self.timestamp_of(form), secret.strip()):
                return VerificationError("secret", "the secret has blanks or a line end around it: without them the signature verifies")
        for other in _ALL:
            if other.name not in self.accept and other.signature_header == form.signature_header and self.matches(other):
                return VerificationError("signature", f"{form.signature_header} holds the form {other.name}, which is not accepted here: "
                                         "accept it, or change the endpoint's setting")
        return self.explain_standard() if form is _STANDARD else self.explain_entri(form)

    def explain_standard(self) -> VerificationError:
        for secret in self.secrets:
            if self.matches_with(_STANDARD, self.value("webhook-id"), self.value("Entri-Timestamp"), secret):
                return VerificationError("timestamp", "webhook-timestamp was changed after signing: with the value of Entri-Timestamp the signature verifies")
            if self.event_id and self.matches_with(_STANDARD, self.event_id, self.value("webhook-timestamp"), secret):
                return VerificationError("id", "webhook-id was changed after signing: with the body's event_id the signature verifies")
        if self.matches_v2():
            return VerificationError("body", "the body was changed or re-serialised after signing: secret and timestamp are right (Entri-Signature-V2 "
                                     "agrees), but webhook-signature covers other bytes; verify the raw body as received, before parsing")
        return VerificationError("secret", "webhook-signature does not verify and no other signature agrees: most likely this is not the secret it was made with")

    def explain_entri(self, form: _Form) -> VerificationError:
        header, has_timestamp = form.signature_header, bool(form.timestamp_header)
        for secret in self.secrets:
            if has_timestamp and self.matches_with(form, self.id_of(form), self.value("webhook-timestamp"), secret):
                return VerificationError("timestamp", "Entri-Timestamp was changed after signing: with the value of webhook-timestamp the signature verifies")
        if self.matches(_STANDARD):
            return VerificationError("signature", f"{header} is damaged or made with another secret: webhook-signature of the same message verifies")
        if form is _V1_OF_BODY and self.matches_v2():
            return VerificationError("body", "the body was changed or re-serialised after signing: the secret is right (Entri-Signature-V2 agrees); "
                                     "verify the raw body")
        if has_timestamp and (self.matches(_V1) or self.matches(_V1_OF_BODY)):
            return VerificationError("timestamp", "the secret and the id are right (Entri-Signature agrees): Entri-Timestamp was changed after signing")
        return VerificationError("secret", f"{header} does not verify and no other signature agrees: most likely this is not the secret it was made with, "
                                 "or the body's id was changed")
