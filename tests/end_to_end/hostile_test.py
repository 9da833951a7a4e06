# SPDX-License-Identifier: Apache-2.0
"""Receivers at their worst (tests/hostile/receiver.py), all at once, against the real binary: what each attempt's record says, and that nobody else notices.

One row is one behaviour: an endpoint of its own in an application of its own, one event, and a healthy endpoint beside it. `-k NAME` plays one row.
"""

import concurrent.futures
import contextlib
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from harness.process import Failed, free_port, wait_until
from harness.signpost import Signpost
from hostile import certificates

RECORD = {"type": "CNAME", "host": "www", "value": "app.saas.example"}
TYPE = "domain.flow.completed"
BODY_KEPT_MAX = 8 * 1024
BESIDE_SECONDS_MAX = 5  # a healthy endpoint's event, while all others misbehave and the machine may be busy
RSS_GROWTH_MAX = 32 << 20
SCHEDULE = (3.9, 7)  # the first pause: 5 s, up to a fifth more or less
DAY = (86395, 86405)
BUDGET, CONNECT_BUDGET = (14.5, 20), (4.5, 8)  # seconds: model/delivery.h


class Row:
    """What the first attempt's record must say."""

    def __init__(self, result, status=None, says="", body=None, seconds=(0, 6), pause=None, requests_max=1, again=None, state="delivered"):
        self.result, self.status, self.says, self.body, self.seconds = result, status, says, body, seconds
        self.state = state                # of the delivery, where nothing more is tried
        self.pause = pause                # seconds until the next attempt, from and to; None where there is none
        self.requests_max = requests_max  # that one attempt may make
        self.again = again                # what a second event's attempt must say, on the connection that the first may have left

    def problems(self, attempt):
        found = []
        if attempt["result"] not in self.result.split("/"):
            found.append(f"result is {attempt['result']}, not {self.result}")
        if attempt["status"] != self.status:
            found.append(f"status is {attempt['status']}, not {self.status}")
        if not re.search(self.says, attempt["detail"]):
            found.append(f"it does not say “{self.says}”")
        body = attempt["response_body"]
        if len(body.encode()) > BODY_KEPT_MAX:
            found.append(f"{len(body.encode())} bytes of body are kept")
        if self.body is not None and body != self.body:
            found.append(f"the body is {body[:60]!r}")
        seconds = attempt["timing_ms"]["total"] / 1000
        if not self.seconds[0] <= seconds <= self.seconds[1]:
            found.append(f"it took {seconds:.1f} s, not {self.seconds[0]} to {self.seconds[1]}")
        return found


def delivered(status=200, says="", body=None, **how):
    return Row("delivered", status, says, body, **how)


def http_status(status, says="", **how):
    return Row("http_status", status, says or f"answered {status}", **{"pause": SCHEDULE, **how})


def failed(result, says, **how):
    return Row(result, None, says, "", pause=SCHEDULE, **how)


def not_http(says, **how):
    return failed("protocol", "was not understood: .*" + says, **how)


TOO_LONG = "body is too long; the rest was not read"
ROWS = {
    "healthy": delivered(body="ok", again=delivered(body="ok")),
    # silence and slowness
    "silent": failed("timeout", "took the connection but did not answer in time", seconds=BUDGET),
    "reads_nothing": failed("timeout", "took the connection but did not answer in time", seconds=BUDGET),
    "drips_head": failed("timeout", "did not answer in time", seconds=BUDGET),
    "drips_body": delivered(says="body did not end in time", seconds=BUDGET),
    "drips_chunks": delivered(says="body did not end in time", seconds=BUDGET),
    # too much
    "head_without_end": not_http("over (16384 bytes|100 fields)"),
    "head_line_without_end": not_http("over 16384 bytes"),
    "interim_without_end": not_http("over 16384 bytes"),
    "head_field_of_1_mb": not_http("over 16384 bytes"),
    "head_of_10000_fields": not_http("over (16384 bytes|100 fields)"),
    "head_of_101_fields": not_http("over 100 fields"),
    "head_of_99_fields": delivered(),
    "body_without_length": delivered(says=TOO_LONG, body="x" * BODY_KEPT_MAX),
    "body_of_10_gb": delivered(says=TOO_LONG, body="x" * BODY_KEPT_MAX),
    "body_chunked_without_end": delivered(says=TOO_LONG, body="x" * BODY_KEPT_MAX),
    "body_of_tiny_chunks": delivered(says=TOO_LONG, body="x" * BODY_KEPT_MAX),
    "chunk_extension_without_end": delivered(says="chunk's header is too long", body=""),
    "trailer_without_end": delivered(says="body was cut"),
    "gzip_bomb": delivered(says=TOO_LONG),
    # lies about length
    "length_too_short": delivered(body="ok", again=delivered(body="ok")),
    "smuggles_late": delivered(body="ok", again=delivered(body="ok")),
    "length_too_long": delivered(says="ended inside its body", body="ok"),
    "length_twice_different": not_http("Content-Length"),
    "length_list_different": not_http("Content-Length"),
    "length_twice_same": delivered(body="ok"),
    "length_negative": not_http("Content-Length"),
    "length_of_words": not_http("Content-Length"),
    "length_hexadecimal": not_http("Content-Length"),
    "length_beyond_64_bits": not_http("Content-Length"),
    "length_and_chunked": not_http("Content-Length|Transfer-Encoding", again=not_http("Content-Length|Transfer-Encoding")),
    "chunked_and_length": not_http("Content-Length|Transfer-Encoding", again=not_http("Content-Length|Transfer-Encoding")),
    "chunked_twice": not_http("Transfer-Encoding"),
    "chunked_unknown": not_http("Transfer-Encoding"),
    "chunk_bad_size": delivered(says="body was cut", body="", again=delivered(says="body was cut", body="")),
    "chunk_negative": delivered(says="body was cut", body=""),
    "chunk_too_short": delivered(says="body was cut"),
    "chunk_beyond_64_bits": delivered(says="body was cut", body=""),
    "chunk_good": delivered(body="ok", again=delivered(body="ok")),
    "body_with_204": delivered(204, body="", again=delivered(204, body="")),
    "body_with_304": http_status(304, body="", again=http_status(304, body="")),
    # what is no answer, or an odd one
    "speaks_ssh": not_http("does not begin with HTTP/1.1"),
    "speaks_smtp": not_http("does not begin with HTTP/1.1"),
    "speaks_http_2": not_http("does not begin with HTTP/1.1"),
    "speaks_http_0_9": not_http("does not begin with HTTP/1.1"),
    "speaks_tls": not_http("does not begin with HTTP/1.1"),
    "version_2": not_http("malformed"),
    "version_1_0": delivered(body="ok"),
    "status_of_words": not_http("malformed"),
    "status_of_four_digits": not_http("malformed"),
    "status_99": not_http("its status 099 means nothing"),
    "status_999": http_status(999),
    "status_without_reason": not_http("malformed"),  # RFC 9112 4: the blank before it is not optional
    "head_with_nul": not_http("malformed"),
    "head_with_bare_lf": failed("reset", "closed the connection: the connection ended inside its head"),
    "head_with_blank_before_colon": not_http("malformed"),
    "head_without_colon": not_http("malformed"),
    "head_folded": delivered(),
    "body_not_text": delivered(),
    "body_of_20000": delivered(body="ü" * (BODY_KEPT_MAX // 2)),
    "interim_100_and_103": delivered(201),
    "interim_102_only": failed("reset", "closed the connection: the connection ended inside its head"),
    "switches_protocols": not_http("switches protocols"),
    **{f"answers_{status}": delivered(status) for status in (202, 204, 205, 206, 299)},
    **{f"answers_{status}": http_status(status) for status in (304, 400, 401, 403, 404, 413, 500, 501, 502, 504)},
    "answers_410": http_status(410, pause=None, state="failed"),  # and the endpoint is disabled
    # redirects
    **{f"redirects_{status}": http_status(status, r"redirects are not followed \(Location: http://169\.254\.169\.254/latest/meta-data/\)")
       for status in (300, 301, 302, 303, 307, 308)},
    "redirects_file": http_status(302, r"\(Location: file:///etc/passwd\)"),
    "redirects_gopher": http_status(302, r"\(Location: gopher://127\.0\.0\.1:6379/_FLUSHALL\)"),
    "redirects_relative": http_status(302, r"\(Location: /other\)"),
    "redirects_to_http": http_status(302, r"\(Location: http://hooks\.shop\.example/\)"),
    "redirects_with_control": not_http("malformed"),
    "redirects_long": http_status(302, r"\(Location: http://a\.example/a{100,}"),
    "redirects_empty": http_status(302, "redirects are not followed$"),
    "redirects_to_trap": http_status(307, "redirects are not followed"),
    "redirects_300_times": http_status(302, "redirects are not followed"),
    # broken connections
    "refuses": failed("connect", r"connecting to 127\.0\.0\.1:\d+ failed: Connection refused"),
    "drops_syn": failed("timeout", r"connecting to 127\.0\.0\.1:\d+ took too long", seconds=CONNECT_BUDGET),
    "resets_at_once": failed("reset/connect", "connection|Connection reset by peer"),  # whichever the sender comes to see first
    "closes_at_once": failed("reset", "connection"),
    "resets_after_request": failed("reset", "closed the connection: the connection ended before it"),
    "closes_after_request": failed("reset", "closed the connection: the connection ended before it"),
    "closes_in_head": failed("reset", "the connection ended inside its head"),
    "answers_before_reading": http_status(413),
    "closes_while_idle": delivered(body="ok", again=delivered(body="ok", says="^answered 200 OK$")),
    "resets_as_we_write": delivered(body="ok", again=delivered(body="ok", says="sent again on a new one")),
    "closes_inside_second_answer": delivered(body="ok", again=failed("reset", "the connection ended inside its head")),
    # come later
    **{f"later_{status}_{name}": http_status(status, pause=pause) for status in (429, 503) for name, pause in {
        "seconds": (119, 125), "date": (295, 303), "ten_years": DAY, "date_in_ten_years": DAY, "past": SCHEDULE, "garbage": SCHEDULE, "negative": SCHEDULE,
        "zero": SCHEDULE, "none": SCHEDULE}.items()},
    # what a receiver wishes for
    "wishes_disable": http_status(500, pause=None, state="failed"),
    "wishes_abort_message": http_status(500, pause=None, state="failed"),
    "wishes_Abort_Message": http_status(500, pause=None, state="failed"),
    "wishes_nonsense": http_status(500),
    "takes_and_wishes_disable": delivered(),
    "takes_and_wishes_abort_message": delivered(),
    # TLS
    "tls_good": delivered(body="ok", again=delivered(body="ok")),
    "tls_1_2_only": delivered(body="ok"),
    "tls_expired": failed("tls", "certificate has expired: renew it"),
    "tls_not_yet_valid": failed("tls", "certificate is not valid yet"),
    "tls_wrong_host": failed("tls", "certificate is for another name"),
    "tls_self_signed": failed("tls", "certificate is signed by itself"),
    "tls_unknown_authority": failed("tls", "issued by an authority that is not trusted here"),
    "tls_unknown_authority_sent": failed("tls", "issued by an authority that is not trusted here"),
    "tls_without_intermediate": failed("tls", "does not send the intermediate certificate: install the full chain"),
    "tls_sha_1": failed("tls", "signed with SHA-1 or weaker: have it issued anew with SHA-256"),
    "tls_rsa_1024": failed("tls", "key is too short: use RSA 2048 or an elliptic curve"),
    "tls_1_0_only": failed("tls", "speaks only TLS 1.1 or older: enable TLS 1.2 or 1.3"),
    "tls_1_1_only": failed("tls", "speaks only TLS 1.1 or older: enable TLS 1.2 or 1.3"),
    "tls_no_common_cipher": failed("tls", "found no cipher"),
    "tls_name_refused": failed("tls", "does not know this host name"),
    "tls_h2_only": failed("tls", "speaks only HTTP/2"),
    "tls_speaks_http_2": not_http("does not begin with HTTP/1.1"),
    "tls_wants_client_certificate": failed("tls", "demands a client certificate", requests_max=0),
    "tls_1_2_wants_client_certificate": failed("tls", "demands a client certificate", requests_max=0),
    "tls_never_shakes_hands": failed("timeout", "the TLS handshake with .* took too long", seconds=CONNECT_BUDGET),
    "tls_chain_of_400": failed("tls", "handshake failed"),
    "tls_on_a_plain_port": failed("tls", "does not speak TLS"),
}
NOT_PLAYED = {"trap"}  # nobody may come by
SAME_MISTAKE = ({"tls_1_0_only", "tls_1_1_only"}, {"tls_unknown_authority", "tls_unknown_authority_sent"})


def seconds_between(earlier, later):
    read = datetime.datetime.fromisoformat
    return (read(later.replace("Z", "+00:00")) - read(earlier.replace("Z", "+00:00"))).total_seconds()


class HostileReceivers:
    """The receiver of tests/hostile as a child that ends with us."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        certificates.write(self.directory)
        program = pathlib.Path(certificates.__file__).with_name("receiver.py")
        with open(self.directory / "receiver.log", "wb") as log:
            self.child = subprocess.Popen([sys.executable, "-W", "ignore", program, directory, "240"], stdin=subprocess.PIPE, stdout=log, stderr=log)
        listening = self.directory / "listening.json"

        def ready():
            if self.child.poll() is not None:
                raise Failed("the receiver ended: " + (self.directory / "receiver.log").read_text()[-2000:])
            return listening.exists()

        wait_until(ready, "the hostile receiver to listen")
        self.ports = json.loads(listening.read_text())

    def url(self, behaviour):
        if behaviour.startswith("tls_"):
            return f"https://{certificates.host_of(behaviour)}:{self.ports[behaviour]}/hook"
        return f"http://127.0.0.1:{self.ports[behaviour]}/hook"

    def seen(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['ledger']}/", timeout=15) as answer:
            return json.load(answer)

    def stop(self):
        self.child.stdin.close()
        self.child.wait(15)


class Play:
    """One row under way."""

    def __init__(self, server, name, url, beside):
        self.server, self.name, self.deliveries = server, name, []
        self.application = server.create_application(name=name)["id"]
        self.endpoint = self.make_endpoint(url)
        self.make_endpoint(beside + "/" + name)

    def make_endpoint(self, url):
        answer = self.server.v1("POST", f"/applications/{self.application}/endpoints", {"url": url, "event_types": [TYPE]})
        if answer.status != 201:
            raise Failed(f"no endpoint for {url}: {answer}")
        return answer.json["id"]

    def happen(self):
        """One event; its deliveries are rows when this returns."""
        number = len(self.deliveries)
        made = self.server.connect(self.application, f"n{number}.{self.name.replace('_', '-')}.example", [RECORD])
        self.server.v1("POST", f"/connections/{made['id']}/flow", {"setup_type": "manual"})
        rows = self.server.v1("GET", f"/deliveries?application={self.application}&connection={made['id']}&endpoint={self.endpoint}").json["data"]
        self.deliveries.append(rows[0]["id"])
        return time.time()

    def read(self, number=0):
        return self.server.v1("GET", f"/deliveries/{self.deliveries[number]}?application={self.application}").json

    def ended(self, number=0):
        """The delivery once its first attempt has ended."""
        delivery = self.read(number)
        attempts = delivery["attempts"]
        return delivery if attempts and attempts[0]["result"] != "open" else None


def rss_of(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) << 10


class Hostile(unittest.TestCase):
    only = None

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="signpost-hostile-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.receivers = HostileReceivers(cls.directory.name)
        cls.addClassCleanup(cls.receivers.stop)
        cls.server = Signpost(cls.directory.name + "/signpost", config=(
            f'[dns]\nresolvers = ["127.0.0.1:{free_port()}"]\nlook_budget = "100ms"\nserver_budget = "100ms"\n[network]\nallow = ["127.0.0.0/8", "::1/128"]\n'
            f'[webhooks]\nca_file = "{cls.directory.name}/authority.pem"\n[api]\nrequests_per_key = 0\nrequests_per_address = 0\n'))
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        cls.play_all()

    @classmethod
    def play_all(cls):
        names = [name for name in ROWS if cls.only is None or cls.only in name]
        beside = cls.receivers.url("healthy")
        cls.deliveries, cls.second, cls.happened, cls.beside_seconds = {}, {}, {}, []
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            cls.plays = dict(zip(names, pool.map(lambda name: Play(cls.server, name, cls.receivers.url(name), beside), names)))
            bystander = Play(cls.server, "bystander", beside + "/hostile", beside)
            cls.rss_before = rss_of(cls.server.process.child.pid)
            cls.happened = dict(zip(names, pool.map(lambda name: cls.plays[name].happen(), names)))
        # While the slow ones hang, a healthy endpoint gets its events as ever.
        for number in range(20):
            at = bystander.happen()
            done = wait_until(lambda number=number: bystander.ended(number), "the bystander's attempt")
            cls.beside_seconds.append(time.time() - at)
            assert done["state"] == "delivered", done
        cls.rss_while_hanging = rss_of(cls.server.process.child.pid)
        cls.wait_for(cls.deliveries, names, 0)
        again = [name for name in names if ROWS[name].again]
        for name in again:
            cls.plays[name].happen()
        cls.wait_for(cls.second, again, 1)
        cls.rss_after = rss_of(cls.server.process.child.pid)
        cls.seen = cls.receivers.seen()
        cls.attempts_made = {name: sum(cls.plays[name].read(number)["attempts_made"] for number in range(len(cls.plays[name].deliveries))) for name in names}

    @classmethod
    def wait_for(cls, into, names, number):
        def all_ended():
            for name in names:
                if name not in into:
                    delivery = cls.plays[name].ended(number)
                    if delivery:
                        into[name] = delivery
            return len(into) == len(names)

        with contextlib.suppress(Failed):  # the rows that did not end say so themselves
            wait_until(all_ended, "every attempt to end", 40, pause=0.2)

    def check(self, name):
        row = ROWS[name]
        self.assertIn(name, self.deliveries, f"{name}: the first attempt has not ended")
        delivery = self.deliveries[name]
        attempt = delivery["attempts"][0]
        problems = row.problems(attempt) + self.problems_of_pause(row, delivery)
        if row.again:
            self.assertIn(name, self.second, f"{name}: the second event's attempt has not ended")
            problems += [f"second event: {p}" for p in row.again.problems(self.second[name]["attempts"][0])]
        requests = [head for _, head in self.seen.get(name, {"requests": []})["requests"] if not head.startswith("POST /hook/")]
        made = self.attempts_made[name] * row.requests_max + (name == "resets_as_we_write")
        if len(requests) > made:
            problems.append(f"{len(requests)} requests came in {self.attempts_made[name]} attempts")
        if any(re.search("(?im)^accept-encoding:", head) for head in requests):
            problems.append("the request asks for compression")
        sent = self.seen.get(name, {"bytes_sent": 0})["bytes_sent"]
        if sent > self.attempts_made[name] * (16 << 20):
            problems.append(f"it let itself be sent {sent >> 20} MB")
        if problems:
            second = f"\n  second: {self.second[name]['attempts'][0]}" if name in self.second else ""
            self.fail(f"{name}: " + "; ".join(problems) + f"\n  expected {vars(row)}\n  got      {delivery['state']}, {attempt}{second}")

    def problems_of_pause(self, row, delivery):
        attempts = delivery["attempts"]
        if row.pause is None:
            return [] if delivery["state"] == row.state else [f"the delivery is {delivery['state']}, not {row.state}"]
        # Should the second attempt have begun before we looked, then it began when it was due.
        due = attempts[1]["started_at"] if len(attempts) > 1 else delivery["next_attempt_at"]
        if due is None:
            return [f"the delivery is {delivery['state']} and not tried again"]
        pause = seconds_between(attempts[0]["ended_at"], due)
        return [] if row.pause[0] <= pause <= row.pause[1] else [f"the next attempt is due after {pause:.1f} s, not {row.pause[0]} to {row.pause[1]}"]

    def test_every_behaviour_of_the_receiver_has_its_row(self):
        self.assertEqual(set(ROWS) | NOT_PLAYED, set(self.receivers.ports) - {"ledger"})

    def test_no_redirect_is_followed(self):
        self.assertEqual(self.seen["trap"]["connections"], 0)

    def test_what_goes_wrong_with_tls_is_said_in_words_of_its_own(self):
        said = {}
        for name in self.plays:
            if name.startswith("tls_") and ROWS[name].result == "tls" and name in self.deliveries:
                sentence = self.deliveries[name]["attempts"][0]["detail"].replace(certificates.host_of(name), "HOST")
                said.setdefault(sentence, []).append(name)
        self.assertEqual({s: names for s, names in said.items() if len(names) > 1 and set(names) not in SAME_MISTAKE}, {})

    def test_what_goes_wrong_with_tls_has_a_stable_code_for_each_sentence(self):
        sentences = {}
        for name, delivery in self.deliveries.items():
            attempt = delivery["attempts"][0]
            if attempt["result"] == "tls":
                self.assertRegex(attempt["cause"] or "", "^tls_[a-z0-9_]+$", name)
                sentences.setdefault(attempt["cause"], set()).add(attempt["detail"].split(": ", 1)[1])  # what to do about it
        self.assertGreater(len(sentences), 10)
        self.assertEqual({cause: told for cause, told in sentences.items() if len(told) > 1}, {})

    def test_gone_or_the_wish_for_no_more_disables_the_endpoint_and_no_other_answer_does(self):
        disabled = []
        for name, play in self.plays.items():
            endpoints = self.server.v1("GET", f"/applications/{play.application}/endpoints").json["data"]
            disabled += [name for endpoint in endpoints if not endpoint["enabled"]]
        self.assertEqual(sorted(disabled), ["answers_410", "takes_and_wishes_disable", "wishes_disable"])

    def test_a_healthy_endpoint_beside_gets_everything_in_time(self):
        arrived = {}
        for at, head in self.seen["healthy"]["requests"]:
            path = head.split(" ")[1]
            arrived.setdefault(path.rsplit("/", 1)[1], at)
        late = {name: round(arrived.get(name, float("inf")) - at, 2) for name, at in self.happened.items() if arrived.get(name, float("inf")) - at > BESIDE_SECONDS_MAX}
        self.assertEqual(late, {})
        self.assertLess(sorted(self.beside_seconds)[-2], BESIDE_SECONDS_MAX, self.beside_seconds)

    def test_memory_stays_flat(self):
        if b"__asan_init" in pathlib.Path(self.server.binary).read_bytes():
            self.skipTest("the address sanitizer keeps what is freed")
        for rss in (self.rss_while_hanging, self.rss_after):
            self.assertLess(rss - self.rss_before, RSS_GROWTH_MAX, f"from {self.rss_before >> 20} to {rss >> 20} MB")


def make_tests():
    for name in ROWS:
        if Hostile.only is None or Hostile.only in name:
            setattr(Hostile, f"test_{name}", lambda self, name=name: self.check(name))


if __name__ == "__main__":
    if "-k" in sys.argv[1:-1]:
        at = sys.argv.index("-k")
        Hostile.only = sys.argv[at + 1]
        del sys.argv[at:at + 2]
        for whole in [name for name in vars(Hostile) if name.startswith("test_")]:
            delattr(Hostile, whole)  # they are about all rows together
make_tests()

if __name__ == "__main__":
    unittest.main()
