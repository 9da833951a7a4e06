# SPDX-License-Identifier: Apache-2.0
"""The two metadata services that give roles their credentials: the instance's (IMDSv2) and the container's."""

import datetime
import itertools
import json
import secrets

ROLE = "signpost-role"
ROLES = "/latest/meta-data/iam/security-credentials/"


class Metadata:
    """Gives sessions that the server knows and that end; nothing without the token of IMDSv2, or the container's own."""

    def __init__(self, keys, clock, settings, account):
        self.keys, self.clock, self.settings, self.account = keys, clock, settings, account
        self.tokens, self.fetches, self.numbers = set(), 0, itertools.count(1)

    def answer(self, request):
        """(status, body), or None if the path is not one of ours."""
        if request.target == "/latest/api/token":
            if request.method != "PUT" or not (request.header("x-aws-ec2-metadata-token-ttl-seconds") or "").isdigit():
                return 400, b""
            token = secrets.token_urlsafe(32)
            self.tokens.add(token)
            return 200, token.encode()
        if request.target.startswith(ROLES):
            if request.header("x-aws-ec2-metadata-token") not in self.tokens:
                return 401, b""
            if request.target == ROLES:
                return (200, ROLE.encode()) if self.settings["has_role"] else (404, b"")
            return self.session() if request.target == ROLES + ROLE else (404, b"")
        if request.target == "/container/credentials":
            if request.header("authorization") != self.settings["container_token"]:
                return 403, b'{"code":"InvalidAuthenticationToken"}'
            return self.session()
        return None

    def session(self):
        self.fetches += 1
        if self.settings["metadata_faults"] > 0:
            self.settings["metadata_faults"] -= 1
            return 500, b""
        key = f"ASIAROLE{next(self.numbers):08d}"
        expires = self.clock.now() + self.settings["session_seconds"]
        self.keys[key] = {"secret": secrets.token_urlsafe(30), "token": secrets.token_urlsafe(200), "account": self.account, "expires": expires}
        shown = datetime.datetime.fromtimestamp(expires, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return 200, json.dumps({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": key, "SecretAccessKey": self.keys[key]["secret"],
                                "Token": self.keys[key]["token"], "Expiration": shown}).encode()
