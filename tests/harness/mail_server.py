# SPDX-License-Identifier: Apache-2.0
"""A real SMTP server (aiosmtpd) on loopback with STARTTLS and AUTH; it keeps what it took and can be told to refuse."""

import datetime
import email
import email.policy
import ipaddress
import logging
import pathlib
import ssl
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .process import free_port, wait_until

logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it warns of its own deprecations, and of clients that hang up


def make_certificate(directory):
    """Self-signed, for 127.0.0.1: paths of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.saas.example")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
                   .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
                   .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                   .sign(key, hashes.SHA256()))
    directory = pathlib.Path(directory)
    paths = directory / "mail.crt", directory / "mail.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return paths


class Taken:
    """A mail as the server took it: envelope and parsed message."""

    def __init__(self, envelope, session):
        self.sender, self.recipients = envelope.mail_from, list(envelope.rcpt_tos)
        self.raw = envelope.content
        self.message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.was_tls, self.was_authenticated = session.ssl is not None, session.authenticated

    @property
    def subject(self):
        return str(self.message["Subject"])

    @property
    def text(self):
        return self.message.get_content()


class MailServer:
    """`password` turns AUTH on (and then asks for it); `refused` are recipients that it does not know."""

    def __init__(self, directory, username=None, password=None, tls=True, port=None):
        self.taken, self.lock, self.refused, self.logins = [], threading.Lock(), set(), []
        self.certificate, key = make_certificate(directory)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        owner = self

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address in owner.refused:
                    return "550 5.1.1 no such user here"
                envelope.rcpt_tos.append(address)
                return "250 OK"

            async def handle_DATA(self, server, session, envelope):
                with owner.lock:
                    owner.taken.append(Taken(envelope, session))
                return "250 taken"

        def authenticate(server, session, envelope, mechanism, data):
            is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (username.encode(), password.encode())
            owner.logins.append(is_right)
            return AuthResult(success=is_right, handled=False)

        options = {"tls_context": context, "require_starttls": False} if tls else {}
        if password:
            options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": tls}
        self.port = port or free_port()
        self.controller = Controller(Handler(), hostname="127.0.0.1", port=self.port, **options)
        self.controller.start()
        self.url = f"smtp://127.0.0.1:{self.port}"

    def all(self):
        with self.lock:
            return list(self.taken)

    def wait_for(self, matches, what, seconds=30):
        return wait_until(lambda: next((mail for mail in self.all() if matches(mail)), None),
                          f"a mail: {what}; got {[mail.subject for mail in self.all()]}", seconds)

    def stop(self):
        if self.controller:
            self.controller.stop()
        self.controller = None
