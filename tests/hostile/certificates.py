# SPDX-License-Identifier: Apache-2.0
"""Certificates as receivers have them, good and bad: a root that the sender trusts, an intermediate, and one chain a mistake."""

import datetime
import json
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

HOST_SUFFIX = ".hook.localhost"  # loopback without asking DNS (RFC 6761 6.3); the behaviour's name with hyphens stands before it
DAY = datetime.timedelta(days=1)


def host_of(behaviour):
    return behaviour.replace("_", "-") + HOST_SUFFIX


class Issuer:
    """A key and its certificate, which signs others; the root signs itself."""

    def __init__(self, name, above=None, key=None):
        self.key, self.name, self.above = key or ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), above
        self.certificate = (above or self).sign(self.name, self.key, is_authority=True)

    def sign(self, subject, key, is_authority=False, names=(), is_public=False, valid=(-30 * DAY, 365 * DAY), digest=None):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now + valid[0]).not_valid_after(now + valid[1]).add_extension(x509.BasicConstraints(is_authority, None), critical=True))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        if is_public:
            # Public authorities say where their own certificate is (RFC 5280 4.2.2.1).
            issuer = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://authority.example/own.der"))
            builder = builder.add_extension(x509.AuthorityInformationAccess([issuer]), critical=False)
        return builder.sign(self.key, digest or hashes.SHA256())


def pem(*things):
    text = b""
    for thing in things:
        if isinstance(thing, x509.Certificate):
            text += thing.public_bytes(serialization.Encoding.PEM)
        else:
            text += thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return text


def write(directory):
    """authority.pem is the one that the sender is told to trust; NAME.pem is key and chain of the behaviour tls_NAME."""
    directory = pathlib.Path(directory)
    root = Issuer("Test Root")
    middle = Issuer("Test Intermediate", above=root)
    stranger = Issuer("Strange Root")
    (directory / "authority.pem").write_bytes(pem(root.certificate))
    chains = {}

    def make(behaviour, issuer=middle, chain=None, key=None, host=None, **how):
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hook")])
        own = issuer.sign(subject, key, names=(host or "*" + HOST_SUFFIX,), is_public=issuer is not stranger, **how)
        chains[behaviour] = pem(key, own, *([issuer.certificate] if chain is None else chain))

    make("good")
    make("expired", valid=(-30 * DAY, -DAY))
    make("not_yet_valid", valid=(DAY, 30 * DAY))
    make("wrong_host", host="another.example")
    make("unknown_authority", issuer=Issuer("Strange Intermediate", above=stranger))
    make("unknown_authority_sent", issuer=stranger)
    make("without_intermediate", chain=())
    make("sha_1", digest=hashes.SHA1())
    make("rsa_1024", key=rsa.generate_private_key(public_exponent=65537, key_size=1024))
    make("chain_of_400", chain=[middle.certificate] * 400)
    # Its own issuer, as `openssl req -x509` makes it.
    key = ec.generate_private_key(ec.SECP256R1())
    itself = Issuer("self", key=key)
    chains["self_signed"] = pem(key, itself.sign(itself.name, key, names=("*" + HOST_SUFFIX,)))
    for name, text in chains.items():
        (directory / f"{name}.pem").write_bytes(text)
    (directory / "certificates.json").write_text(json.dumps(sorted(chains)))
