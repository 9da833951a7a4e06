# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments, with a ledger: what was accepted is there, what was told once is never told differently, nor again but for a kill."""

import collections
import json
import os
import random
import tempfile
import threading
import time
import unittest

from harness.identity import IdentityProvider
from harness.process import free_port, wait_until
from harness.receiver import Receiver
from harness.signpost import Signpost, call

KILLS = int(os.environ.get("SIGNPOST_KILLS", "50"))
CLIENTS = 4
IN_FLIGHT_MAX = 8  # of one endpoint: so many a kill can cut off between their arrival and the row that says so
REDELIVERY_S = 2.0  # promised: from the restart to the first webhook that a kill had cut off
SLACK_S = 1.0  # for a machine that does other things too
STEPS = ["created", "flow", "step 1", "issued", "step 2"]


def creation(server, application, organization):
    """The POST that makes the organization's connection, with the key that makes it repeatable."""
    wish = {"application": application, "organization": organization, "host": f"{organization}.shop.example",
            "records": [{"type": "CNAME", "host": organization, "value": "app.saas.example"}]}
    return "POST", "/v1/connections", wish, {"Authorization": f"Bearer {server.key}", "Idempotency-Key": f"create-{organization}"}


class Client(threading.Thread):
    """Takes connections through their steps; writes into the ledger only what was accepted."""

    def __init__(self, server, application, provider, ledger, number):
        super().__init__(daemon=True)
        self.server, self.application, self.provider, self.ledger, self.number = server, application, provider, ledger, number
        self.stopping = threading.Event()
        self.made = 0

    def run(self):
        while not self.stopping.is_set():
            self.made += 1
            self.take_through(f"org-{self.number}-{self.made}")

    def accepted(self, method, path, body, headers, good):
        """Repeats until an answer comes (the server may be dead for a moment); an answer outside `good` is a finding."""
        while not self.stopping.is_set():
            try:
                answer = call(self.server.api, method, path, body, headers, seconds=5)
            except (OSError, ValueError, EOFError) as error:
                if isinstance(error, json.JSONDecodeError):
                    raise
                self.stopping.wait(0.01)
                continue
            except Exception as error:  # http.client raises its own for a connection that was cut
                if type(error).__module__ != "http.client":
                    raise
                self.stopping.wait(0.01)
                continue
            if answer.status in good:
                return answer
            if answer.status == 409 and "under way" in answer.json["detail"]:
                self.stopping.wait(0.05)
                continue
            if answer.status != 503:
                self.ledger["unexpected"].append((method, path, repr(answer)))
                return None
        return None

    def take_through(self, organization):
        create = creation(self.server, self.application, organization)
        created = self.accepted(*create, {201})
        if not created:
            return
        identity = created.json["id"]
        entry = self.ledger["connections"][identity] = {"organization": organization, "reached": "created", "answer": created.body}
        admin = {"Authorization": f"Bearer {self.server.key}"}
        token = {"Authorization": f"Bearer {self.provider.token(organization)}"}
        mark = f"/api/domain/mark-step-complete/{organization}"
        for name, path, body, headers in (("flow", f"/v1/connections/{identity}/flow", {"setup_type": "automatic"}, admin),
                                          ("step 1", mark, {"step": 1}, token),
                                          ("issued", f"/v1/connections/{identity}/certificate", {"status": "issued"}, admin),
                                          ("step 2", mark, {"step": 2}, token)):
            if not self.accepted("POST", path, body, headers, {200}):
                return
            entry["reached"] = name


class Crash(unittest.TestCase):
    def test_kill_9_at_any_moment_loses_nothing_and_tells_nothing_differently(self):
        directory = tempfile.TemporaryDirectory(prefix="signpost-crash-")
        self.addCleanup(directory.cleanup)
        provider = IdentityProvider()
        with open(directory.name + "/jwks.json", "w") as file:
            json.dump(provider.jwks(), file)
        answers = threading.Event()  # while it is clear, webhooks stay under way
        answers.set()
        receiver = Receiver(lambda _: 200 if answers.wait(20) else 503)
        self.addCleanup(receiver.stop)
        server = Signpost(directory.name + "/signpost", config=(
            f'[dns]\nresolvers = ["127.0.0.1:{free_port()}"]\nlook_budget = "300ms"\nserver_budget = "100ms"\n[network]\nallow = ["127.0.0.0/8"]\n'
            f'[[issuers]]\nissuer = "{provider.issuer}"\njwks_file = "{directory.name}/jwks.json"\n[webhooks]\nper_endpoint_in_flight_max = {IN_FLIGHT_MAX}\n[api]\nrequests_per_key = 0\nrequests_per_address = 0\n'))
        self.addCleanup(server.stop)
        server.start()
        application = server.create_application(name="Crash", webhook_url=receiver.url, identity={"issuer": provider.issuer, "audiences": []})["id"]
        ledger = {"connections": {}, "unexpected": []}
        clients = [Client(server, application, provider, ledger, number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        seed = int(os.environ.get("SIGNPOST_SEED", random.randrange(1 << 30)))
        print(f"seed {seed} (SIGNPOST_SEED repeats it)")
        moments = random.Random(seed)
        for _ in range(KILLS):
            time.sleep(moments.uniform(0.01, 0.35))
            server.kill()
            receiver.next_life()
            server.start()
        time.sleep(0.3)
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(20)
        self.assertEqual(ledger["unexpected"], [])
        self.check_creations(server, application, ledger)
        self.check_states(server, ledger)
        self.check_webhooks(server, receiver, ledger)
        self.check_redelivery(server, application, receiver, answers)
        self.check_written_events(server, application, receiver)
        self.check_copies(receiver)
        made = collections.Counter(entry["reached"] for entry in ledger["connections"].values())
        print(f"{KILLS} kills, {len(ledger['connections'])} connections {dict(made)}, {len(receiver.all())} webhooks")
        self.assertGreater(len(ledger["connections"]), KILLS)
        self.assertEqual(server.stop(), 0)

    def check_creations(self, server, application, ledger):
        """Asked again with its key, each creation gives the same answer, and nothing was made twice."""
        for entry in ledger["connections"].values():
            again = call(server.api, *creation(server, application, entry["organization"]), seconds=5)
            self.assertEqual((again.status, again.body), (201, entry["answer"]), entry)
            self.assertEqual(again.headers.get("idempotent-replayed"), "true", entry)
        made, cursor = collections.Counter(), ""
        while cursor is not None:
            page = server.v1("GET", f"/connections?limit=100{cursor and '&cursor=' + cursor}").json
            made.update(connection["organization"] for connection in page["data"])
            cursor = page["next_cursor"]
        self.assertEqual([organization for organization, times in made.items() if times > 1], [])
        # A client that was stopped between the commit and the answer has made one that it does not know of.
        self.assertLessEqual(sum(made.values()), len(ledger["connections"]) + CLIENTS)

    def check_states(self, server, ledger):
        least = {"created": 0, "flow": 0, "step 1": 1, "issued": 2, "step 2": 3}
        rank = {"PENDING_VALIDATION": 0, "SSL_VALIDATING": 1, "SSL_VALIDATED": 2, "DEPLOYED": 3}
        for identity, entry in ledger["connections"].items():
            seen = server.v1("GET", f"/connections/{identity}")
            self.assertEqual(seen.status, 200, f"{identity} was accepted and is lost: {entry}")
            self.assertGreaterEqual(rank[seen.json["proxy_status"]], least[entry["reached"]], entry)
            kinds = collections.Counter(job["kind"] for job in seen.json["jobs"])
            if seen.json["proxy_status"] == "DEPLOYED":
                self.assertEqual((kinds["certificate_upgrade"], kinds["search_submission"]), (1, 1), seen.json["jobs"])
            if entry["reached"] != "created":
                self.assertEqual(seen.json["flow"]["setup_type"], "automatic")
                self.assertEqual(kinds["propagation"], 1)

    def check_webhooks(self, server, receiver, ledger):
        expected = {identity for identity, entry in ledger["connections"].items() if entry["reached"] != "created"}
        jobs = {server.v1("GET", f"/connections/{identity}").json["job_id"]: identity for identity in expected}

        def told():
            seen = collections.defaultdict(set)
            for webhook in receiver.all():
                seen[webhook.json["job_id"]].add(webhook.json["type"])
            return all({"domain.flow.completed", "domain.added"} <= seen[job] for job in jobs)

        wait_until(told, "every accepted flow to be told", 60, pause=0.25)
        bodies, numbers = {}, {}
        for webhook in receiver.all():
            event = webhook.json["event_id"]
            self.assertEqual(bodies.setdefault(event, webhook.body), webhook.body, "one event, two contents")
            place = (webhook.json["job_id"], webhook.json["sequence"])
            self.assertEqual(numbers.setdefault(place, event), event, "one place in the sequence, two events")

    def check_redelivery(self, server, application, receiver, answers):
        """A webhook that is under way for certain when the kill comes is told again soon after the restart."""
        answers.clear()
        connection = call(server.api, *creation(server, application, "org-of-the-last-kill"), seconds=5).json["id"]
        job = server.v1("POST", f"/connections/{connection}/flow", {"setup_type": "automatic"}).json["job_id"]
        receiver.wait_for(lambda webhook: webhook["job_id"] == job, "one that is under way")
        cut = next(one for one in receiver.all() if one.json["job_id"] == job)
        server.kill()
        answers.set()
        receiver.next_life()
        server.start()
        ready = time.monotonic()
        again = wait_until(lambda: next((one for one in receiver.all() if one.life == receiver.life and one.body == cut.body), None), "it to be told again", 20)
        self.assertLessEqual(again.at - ready, REDELIVERY_S + SLACK_S)

    def check_written_events(self, server, application, receiver):
        """Whatever its type: an event that stands in the database has arrived as it stands there."""
        listed = server.v1("GET", f"/applications/{application}/endpoints").json["data"]
        self.assertEqual(len(listed), 1, listed)
        written, after = {}, None
        while True:
            page = server.v1("GET", f"/endpoints/{listed[0]['id']}/events?application={application}{after and '&after=' + after or ''}").json
            written.update((event["id"], event["body"]) for event in page["data"])
            after = page["after"]
            if not page["has_more"]:
                break
        self.assertGreater(len(written), KILLS)
        arrived = wait_until(lambda: (seen := {one.json["event_id"]: one.json for one in receiver.all()}).keys() >= written.keys() and seen,
                             "every written event to arrive", 60, pause=0.25)
        for event, body in written.items():
            self.assertEqual(arrived[event], body)

    def check_copies(self, receiver):
        """Told again only in a later life, and then it had been under way when an earlier one ended."""
        lives = collections.defaultdict(list)
        for webhook in receiver.all():
            lives[webhook.json["event_id"]].append(webhook.life)
        self.assertEqual({event: seen for event, seen in lives.items() if len(set(seen)) < len(seen)}, {}, "told twice without a kill between")
        cut = collections.Counter(life for seen in lives.values() for life in sorted(seen)[:-1])
        self.assertEqual({life: count for life, count in cut.items() if count > IN_FLIGHT_MAX}, {}, "more were told again than can have been under way")
        print(f"{cut.total()} webhooks told again")


if __name__ == "__main__":
    unittest.main()
