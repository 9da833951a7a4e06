# SPDX-License-Identifier: Apache-2.0
"""Opens what the program has sealed in its database, written from the format's description (src/crypto/sealed.h) alone."""

import base64
import pathlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def unseal(master_key_file, sealed, associated_data):
    """`sealed` as it stands in a row: base64 of version, nonce, ciphertext and tag."""
    master = base64.b64decode(pathlib.Path(master_key_file).read_text())
    key = HKDF(hashes.SHA256(), 32, b"signpost", b"sealed 1").derive(master)
    octets = base64.b64decode(sealed)
    if octets[:1] != b"\x01":
        raise ValueError("sealed in another format")
    # The version is authenticated before the row's identity.
    return AESGCM(key).decrypt(octets[1:13], octets[13:], octets[:1] + associated_data.encode())
