# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests to import: with their keys and chains, valid or not."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

KEYS = {"EC_prime256v1": lambda: ec.generate_private_key(ec.SECP256R1()), "EC_secp384r1": lambda: ec.generate_private_key(ec.SECP384R1()),
        "RSA_2048": lambda: rsa.generate_private_key(65537, 2048)}


def certificate(host, issuer=None, days=90, key="EC_prime256v1", now=None):
    """A certificate and its key; `issuer` is such a pair, or the certificate signs itself. Several hosts are parted by commas."""
    private = KEYS[key]()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host.split(",")[0])])
    now = now or datetime.datetime.now(datetime.timezone.utc)
    built = (x509.CertificateBuilder().subject_name(name).issuer_name(issuer[0].subject if issuer else name).public_key(private.public_key())
             .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=days))
             .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in host.split(",")]), False).sign(issuer[1] if issuer else private, hashes.SHA256()))
    return built, private


def pem(one):
    return one.public_bytes(serialization.Encoding.PEM)


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
