# SPDX-License-Identifier: Apache-2.0
"""An identity provider reduced to what matters: a key pair, its JWKS, and tokens of any shape."""

import base64
import json
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils


def encode(data):
    if not isinstance(data, bytes):
        data = json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class IdentityProvider:
    """Signs RS256 (or ES256) tokens for `issuer`; `jwks()` is what its well-known URL would serve."""

    def __init__(self, issuer="https://clerk.saas.example", algorithm="RS256", key_id="key-1"):
        self.issuer, self.algorithm, self.key_id = issuer, algorithm, key_id
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048) if algorithm == "RS256" else ec.generate_private_key(ec.SECP256R1())

    def jwks(self):
        public = self.key.public_key().public_numbers()
        if self.algorithm == "RS256":
            key = {"kty": "RSA", "n": number(public.n), "e": number(public.e)}
        else:
            key = {"kty": "EC", "crv": "P-256", "x": number(public.x, 32), "y": number(public.y, 32)}
        return {"keys": [{**key, "kid": self.key_id, "alg": self.algorithm, "use": "sig"}]}

    def token(self, organization="acme", lifetime=3600, header=None, **claims):
        """Clerk's first shape (`org_slug`) unless the claims say otherwise; None removes one."""
        now = int(time.time())
        body = {"iss": self.issuer, "sub": "user_1", "azp": "https://app.saas.example", "iat": now, "nbf": now - 5, "exp": now + lifetime,
                "org_slug": organization, **claims}
        body = {name: value for name, value in body.items() if value is not None}
        head = {"alg": self.algorithm, "typ": "JWT", "kid": self.key_id, **(header or {})}
        text = f"{encode(head)}.{encode(body)}"
        return f"{text}.{encode(self.sign(text.encode()))}"

    def sign(self, text):
        if self.algorithm == "RS256":
            return self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        r, s = utils.decode_dss_signature(self.key.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
