#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""AWS on loopback: `server.py [--port N] [--dns HOST:PORT] [--scale N]`. Says "aws listens on http://127.0.0.1:PORT" and runs until it is ended.

Every request is held to AWS's own models, its signature is made again, and what it asks for happens to certificates and distributions that have lives
of their own. Tests speak to `/_test/…` without a signature: they turn the clock, choose the next answers, and see what is there.
"""

import argparse
import collections
import datetime
import functools
import http.server
import json
import pathlib
import re
import socket
import sys
import threading
import traceback
import urllib.parse
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from aws.acm import Acm  # noqa: E402
from aws.certificates import certificate, key_pem, pem  # noqa: E402
from aws.clock import Clock  # noqa: E402
from aws.cloudfront import CloudFront  # noqa: E402
from aws.dns_view import DnsView  # noqa: E402
from aws.faults import Fault  # noqa: E402
from aws.metadata import Metadata  # noqa: E402
from aws.model import Service, local  # noqa: E402
from aws.signature import Checker  # noqa: E402

OURS, OTHERS = "111122223333", "444455556666"
SETTINGS = {
    # seconds of the server's clock
    "describe_lag": 5, "list_lag": 0, "record_lag": 10, "validation_lag": 30, "certificate_lag": 60, "deploy_time": 300, "in_use_lag": 900, "session_seconds": 3600,
    # quotas
    "certificates_max": 2500, "names_max": 10, "distributions_max": 200, "page_max": 100,
    # behaviour
    "rates": False, "unknown_elements": False, "interferences": 0, "has_role": True, "metadata_faults": 0, "container_token": "container-token",
}
# Calls a second (reference 8.2), held against the server's clock when the setting `rates` is on.
RATES = {"DescribeCertificate": 10, "DeleteCertificate": 10, "RequestCertificate": 5, "AddTagsToCertificate": 5, "ImportCertificate": 1, "ListCertificates": 1}
COMMON_FAULTS = {"Throttling", "ThrottlingException", "ServiceUnavailable", "InternalFailure", "InternalError", "AccessDenied", "AccessDeniedException",
                 "ExpiredToken", "ExpiredTokenException", "ValidationException", "MalformedXML", "InvalidClientTokenId", "UnrecognizedClientException",
                 "ConflictException", "RequestInProgressException"}
LOG_MAX = 10_000


@functools.cache
def service_of(name):
    """A model takes a while to read and never changes."""
    return Service(name)


def python_name(operation):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", operation).lower()


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, [(name.lower(), value) for name, value in headers], body

    def header(self, name):
        return next((value for other, value in self.headers if other == name), None)

    def all(self, name):
        return [value for other, value in self.headers if other == name]

    def names(self):
        return {name for name, _ in self.headers}


class Answer:
    def __init__(self, status=200, body=b"", headers=None, is_dropped=False):
        self.status, self.body, self.headers, self.is_dropped = status, body, headers or {}, is_dropped


class World:
    """All state; one request at a time."""

    def __init__(self, dns_server=None, scale=0.0):
        self.lock = threading.Lock()
        self.clock, self.settings = Clock(scale), dict(SETTINGS)
        self.keys = {"AKIAOURS": {"secret": "our+secret/key", "account": OURS}, "AKIAOTHERS": {"secret": "their+secret/key", "account": OTHERS}}
        self.dns = DnsView(dns_server)
        self.services = {name: service_of(name) for name in ("acm", "cloudfront")}
        self.acm = Acm(self.clock, self.dns, self.settings)
        self.cloudfront = CloudFront(self.clock, self.acm, self.services["cloudfront"], self.settings)
        self.metadata = Metadata(self.keys, self.clock, self.settings, OURS)
        self.checker = Checker(self.keys, self.clock)
        self.faults, self.log, self.recent = [], collections.deque(maxlen=LOG_MAX), collections.defaultdict(collections.deque)

    def handle(self, request):
        path = request.target.partition("?")[0]
        if path.startswith("/_test/"):
            return self.control(path.removeprefix("/_test/"), json.loads(request.body or b"{}"))
        metadata = self.metadata.answer(request)
        if metadata is not None:
            return Answer(metadata[0], metadata[1])
        service = "acm" if request.header("x-amz-target") else "cloudfront"
        entry = {"service": service, "operation": "", "account": "", "code": "", "at": self.clock.now()}
        self.log.append(entry)
        try:
            return self.serve(service, request, entry)
        except Fault as fault:
            entry["code"] = fault.code
            return self.fault_answer(service, entry["operation"], fault)

    def serve(self, service, request, entry):
        account, region = self.checker.check(service, request)
        entry["account"] = account
        path, _, raw = request.target.partition("?")
        query = dict(urllib.parse.parse_qsl(raw, keep_blank_values=True))
        model = self.services[service]
        if service == "acm":
            operation, uri, fixed = model.json_operation(request.header("x-amz-target")), {}, {}
        else:
            operation, uri, fixed = model.rest_operation(request.method, path, query)
        entry["operation"] = operation.name
        self.throttle(operation.name, account)
        planned = self.next_fault(service, operation)
        if planned and planned.get("when", "before") == "before":
            self.fail_as_planned(planned, entry)
            if planned.get("drop"):
                return Answer(is_dropped=True)
        result = self.acm_call(operation, account, region, request) if service == "acm" else self.cloudfront_call(operation, account, request, {**uri}, query, fixed)
        if planned:
            self.fail_as_planned(planned, entry)
            return Answer(is_dropped=True)
        return result

    # One service each

    def acm_call(self, operation, account, region, request):
        if request.header("content-type") != "application/x-amz-json-1.1" or request.method != "POST" or request.target != "/":
            raise Fault("SerializationException", "POST / with application/x-amz-json-1.1", 400)
        try:
            p = json.loads(request.body)
        except ValueError as error:
            raise Fault("SerializationException", str(error), 400) from error
        self.hold(operation.input_shape, p, self.services["acm"], "ValidationException")
        result = self.implementation(self.acm, operation)(account, region, p)
        if operation.output_shape is not None:
            self.hold_ours(operation.output_shape, result, self.services["acm"])
        return Answer(200, json.dumps(result).encode() if result else b"", {"Content-Type": "application/x-amz-json-1.1"})

    def cloudfront_call(self, operation, account, request, uri, query, fixed):
        model, p, payload = self.services["cloudfront"], {}, None
        shape = operation.input_shape
        for name, member in shape.members.items():
            where, key = member.serialization.get("location"), member.serialization.get("name", name)
            if where == "uri" and name in uri:
                p[name] = uri[name]
            elif where == "querystring" and key in query:
                p[name] = query.pop(key)
            elif where == "header" and request.header(key.lower()) is not None:
                p[name] = request.header(key.lower())
        left = set(query) - set(fixed)
        if left:
            raise Fault("InvalidArgument", f"The query has {sorted(left)}, which the operation does not know.", 400)
        if shape.serialization.get("payload"):
            member_name = shape.serialization["payload"]
            payload = model.parse(request.body, member_name)
            unknown = []
            p[member_name] = model.from_xml(shape.members[member_name], payload, unknown)
            strange = {local(node.tag) for node in unknown} - ({"ConnectionMode", "FutureThing", "GrpcConfig"} if self.settings["unknown_elements"] else set())
            if strange:
                raise Fault("MalformedXML", f"elements that the model does not know: {sorted(strange)}", 400)
        # Numbers of the query come as text, as in the model.
        self.hold(shape, p, model, "InvalidArgument")
        body, headers = self.implementation(self.cloudfront, operation)(account, p, payload)
        output = operation.output_shape
        inner = output.members[output.serialization["payload"]]
        self.hold_ours(inner, model.from_xml(inner, model.parse(body, inner.name), []), model)
        return Answer(operation.http.get("responseCode", 200), body, {"Content-Type": "text/xml", **headers})

    @staticmethod
    def implementation(service, operation):
        method = getattr(service, python_name(operation.name), None)
        if method is None:
            raise Fault("NotImplemented", f"{operation.name} is not played here", 501)
        return method

    @staticmethod
    def hold(shape, p, model, code):
        wrong = list(model.check(shape, p))
        if wrong:
            raise Fault(code, f"{len(wrong)} validation errors detected: " + "; ".join(wrong[:5]), 400)

    @staticmethod
    def hold_ours(shape, result, model):
        """Our own answers are held to the model, too: a test server that makes things up proves nothing."""
        wrong = [one for one in model.check(shape, result) if "KeyAlgorithm must be one of" not in one and "MinimumProtocolVersion" not in one]
        if wrong:
            raise AssertionError(f"the answer breaks the model: {wrong[:5]}")

    # Faults

    def throttle(self, operation, account):
        rate = RATES.get(operation)
        if not self.settings["rates"] or rate is None:
            return
        recent = self.recent[(account, operation)]
        while recent and recent[0] <= self.clock.now() - 1:
            recent.popleft()
        if len(recent) >= rate:
            raise Fault("ThrottlingException", "Rate exceeded", 400)
        recent.append(self.clock.now())

    def next_fault(self, service, operation):
        for planned in self.faults:
            if planned.get("service", service) == service and planned["operation"] in (operation.name, "*"):
                planned["times"] = planned.get("times", 1) - 1
                if planned["times"] <= 0:
                    self.faults.remove(planned)
                code = planned.get("code")
                known = {shape.metadata.get("error", {}).get("code", shape.name) for shape in operation.error_shapes} | {shape.name for shape in operation.error_shapes}
                assert code is None or planned.get("strange") or code in known | COMMON_FAULTS, f"{operation.name} never answers {code}: {sorted(known)}"
                return planned
        return None

    @staticmethod
    def fail_as_planned(planned, entry):
        entry["code"] = planned.get("code") or "dropped"
        if planned.get("code"):
            raise Fault(planned["code"], planned.get("message", "as planned"), planned.get("status"), planned.get("headers"))

    def fault_answer(self, service, operation, fault):
        model = self.services[service].model
        status = fault.status
        if status is None:
            shape = next((shape for shape in (model.operation_model(operation).error_shapes if operation else []) if shape.name == fault.code), None)
            status = 400 if shape is None else shape.metadata.get("error", {}).get("httpStatusCode", 400)
        request_id = str(uuid.uuid4())
        if service == "acm":
            # AWS names the exception in the body, in a header, or in both.
            return Answer(status, json.dumps({"__type": fault.code, "message": fault.message}).encode(),
                          {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": request_id, **fault.headers})
        quoted = fault.message.replace("&", "&amp;").replace("<", "&lt;")
        body = (f'<?xml version="1.0"?>\n<ErrorResponse xmlns="{self.services[service].namespace}"><Error><Type>Sender</Type><Code>{fault.code}</Code>'
                f"<Message>{quoted}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>")
        return Answer(status, body.encode(), {"Content-Type": "text/xml", "x-amzn-RequestId": request_id, **fault.headers})

    # The tests' own door

    def control(self, word, p):
        method = getattr(self, f"control_{word}", None)
        if method is None:
            return Answer(404, f"there is no control {word}".encode())
        return Answer(200, json.dumps(method(p) or {}).encode(), {"Content-Type": "application/json"})

    def control_advance(self, p):
        self.clock.advance(p["seconds"])
        return {"now": self.clock.now()}

    def control_skew(self, p):
        self.clock.skew = p["seconds"]

    def control_settings(self, p):
        unknown = set(p) - set(self.settings)
        assert not unknown, f"there are no settings {unknown}"
        self.settings.update(p)

    def control_faults(self, p):
        """{"operation", "code", "status", "message", "times", "when": "before" or "after", "drop": the connection breaks instead}"""
        self.faults += p["faults"]

    def control_keys(self, p):
        self.keys.update(p)

    def control_revoke_key(self, p):
        self.keys.pop(p["key"], None)

    def control_expire_key(self, p):
        self.keys[p["key"]]["expires"] = self.clock.now() - 1

    def control_dns(self, p):
        self.dns.cnames = p.get("cnames", self.dns.cnames)
        self.dns.caas = p.get("caas", self.dns.caas)

    def control_certificate(self, p):
        """{"host", "days", "key"} -> a certificate with its chain and key, of an authority that is made for it."""
        now = datetime.datetime.fromtimestamp(self.clock.now(), datetime.timezone.utc)
        root = certificate("root.example", now=now, days=3650)
        leaf, key = certificate(p["host"], root, p.get("days", 90), p.get("key", "EC_prime256v1"), now)
        return {"certificate": pem(leaf).decode(), "chain": pem(root[0]).decode(), "key": key_pem(key).decode()}

    def control_issue(self, p):
        self.acm.issue(self.acm.certificates[p["arn"]])

    def control_fail(self, p):
        self.acm.certificates[p["arn"]].update(status=p.get("status", "FAILED"), reason=p.get("reason"))

    def control_many_certificates(self, p):
        """So many that nobody uses, without the work of importing them."""
        for _ in range(p["count"]):
            self.acm.new(OURS, "us-east-1", ["many.example"], "IMPORTED", "ISSUED", []).update(not_after=self.clock.now() + 86400)

    def control_lose_certificate(self, p):
        del self.acm.certificates[p["arn"]]

    def control_interfere(self, p):
        self.cloudfront.interfere(self.cloudfront.find(OURS, p["id"]))

    def control_reset(self, _):
        self.settings.clear()
        self.settings.update(SETTINGS)
        self.clock.skew = 0.0
        self.faults.clear()
        self.log.clear()
        self.acm.certificates.clear()
        self.acm.tokens.clear()
        self.cloudfront.distributions.clear()
        self.cloudfront.past_uses.clear()
        self.dns.cnames, self.dns.caas = {}, {}
        self.metadata.fetches = 0
        return {"now": self.clock.now()}

    def control_state(self, _):
        for certificate in self.acm.certificates.values():
            self.acm.settle(certificate)
        distributions = []
        for d in self.cloudfront.distributions.values():
            distributions.append({key: d[key] for key in ("id", "arn", "account", "domain", "reference", "version", "tags")} | {
                "aliases": self.cloudfront.aliases_of(d["config"]), "certificate": self.cloudfront.certificate_of(d["config"]),
                "is_deployed": self.cloudfront.is_deployed(d), "config": self.cloudfront.xml_of(d["config"]).decode()})
        return {"now": self.clock.now(), "certificates": [{**c, "in_use_by": self.acm.uses(c["arn"]), "validation": [self.acm.token_of(c, name) for name in c["names"]]}
                                                          for c in self.acm.certificates.values()],
                "distributions": distributions, "log": list(self.log), "metadata_fetches": self.metadata.fetches, "faults_left": self.faults}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world = None

    def serve(self):
        if self.headers.get("Expect"):
            self.send_error(417)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, self.headers.items(), body)
        with self.world.lock:
            try:
                answer = self.world.handle(request)
            except Exception:  # a bug of the server's is the test's failure, and must be seen
                traceback.print_exc()
                answer = Answer(400, b'{"__type": "BrokenTestServer"}' if self.headers.get("X-Amz-Target") else
                                b"<ErrorResponse><Error><Code>BrokenTestServer</Code></Error></ErrorResponse>")
        if answer.is_dropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = serve

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that gave up is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--dns", help="HOST:PORT of the DNS server that validation asks; without it, a table that the test fills")
    arguments.add_argument("--scale", type=float, default=0.0, help="seconds of the server's clock for each of ours")
    given = arguments.parse_args()
    host, _, port = (given.dns or "").rpartition(":")
    Handler.world = World((host, int(port)) if given.dns else None, given.scale)
    server = Server(("127.0.0.1", given.port), Handler)
    print(f"aws listens on http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
