# SPDX-License-Identifier: Apache-2.0
"""Warnings by mail: the real binary, a receiver that refuses, and a real SMTP server with STARTTLS and AUTH."""

import os
import pathlib
import tempfile
import unittest

from harness.mail_server import MailServer
from harness.process import free_port, wait_until
from harness.receiver import Receiver
from harness.signpost import Signpost

RECORD = {"type": "CNAME", "host": "www", "value": "app.saas.example"}
USER, PASSWORD = "signpost", "correct horse battery staple"


class Mail(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="signpost-mail-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.mail = MailServer(self.directory, USER, PASSWORD)
        self.addCleanup(lambda: self.mail.stop())
        password = self.directory / "password"
        password.write_text(PASSWORD + "\n")
        password.chmod(0o600)
        self.settings = (f'[smtp]\nurl = "{self.mail.url}"\nfrom = "signpost@saas.example"\nusername = "{USER}"\npassword_file = "{password}"\n'
                         f'ca_file = "{self.mail.certificate}"\n[dns]\nresolvers = ["127.0.0.1:{free_port()}"]\nlook_budget = "300ms"\n'
                         'server_budget = "100ms"\n[network]\nallow = ["127.0.0.0/8"]\n')

    def serve(self, behave=None):
        self.receiver = Receiver(behave)
        self.addCleanup(self.receiver.stop)
        self.server = Signpost(self.directory / "signpost", config=self.settings)
        self.addCleanup(self.server.stop)
        self.server.start()
        made = self.server.create_application(name="SaaS & Söhne", webhook_url=self.receiver.url)
        self.application, self.endpoint = made["id"], made["endpoint"]["id"]

    def add_member(self, email, role):
        answer = self.server.v1("POST", f"/applications/{self.application}/members", {"name": "Ada", "email": email, "role": role})
        self.assertEqual(answer.status, 201, answer)
        return answer.json["id"]

    def end_flow(self, host, organization):
        connection = self.server.connect(self.application, host, [RECORD], organization=organization)["id"]
        answer = self.server.v1("POST", f"/connections/{connection}/flow", {"setup_type": "manual"})
        self.assertEqual(answer.status, 200, answer)

    def read_endpoint(self):
        return self.server.v1("GET", f"/endpoints/{self.endpoint}?application={self.application}").json

    def test_a_gone_endpoint_is_told_to_admins_and_developers_over_tls_with_authentication(self):
        self.serve(lambda request: 410)
        self.add_member("ops@saas.example", "Admin")
        self.add_member("dev@saas.example", "Developer")
        self.add_member("support@saas.example", "Support")
        self.end_flow("www.shop.example", "acme")
        warning = self.mail.wait_for(lambda mail: "could not be delivered" in mail.subject, "the warning")
        disabled = self.mail.wait_for(lambda mail: "was disabled" in mail.subject, "that the endpoint was disabled")
        for mail in (warning, disabled):
            self.assertTrue(mail.was_tls and mail.was_authenticated)
            self.assertEqual(mail.sender, "signpost@saas.example")
            self.assertEqual(sorted(mail.recipients), ["dev@saas.example", "ops@saas.example"])
            self.assertIn("SaaS & Söhne", mail.subject)
            self.assertIn(self.endpoint, mail.text)
            self.assertEqual(mail.message["Auto-Submitted"], "auto-generated")
            self.assertIsNone(mail.message["Bcc"])
        self.assertIn("www.shop.example", warning.text)
        self.assertIn("domain.flow.completed", warning.text)
        self.assertIn("410", warning.text)
        endpoint = self.read_endpoint()
        self.assertEqual((endpoint["enabled"], endpoint["disabled_reason"]), (False, "gone"))
        self.assertIn("410", endpoint["paused_reason"])
        log = self.server.v1("GET", f"/audit-log?application={self.application}").json["data"]
        self.assertIn(("endpoint.disable", "courier"), [(line["action"], line["actor"]) for line in log])

    def test_a_warning_waits_for_a_server_that_is_down_also_across_a_kill(self):
        self.serve(lambda request: 410)
        self.add_member("ops@saas.example", "Admin")
        self.mail.stop()
        self.end_flow("www.shop.example", "acme")
        wait_until(lambda: not self.read_endpoint()["enabled"], "the endpoint to be disabled")
        wait_until(lambda: "could not be sent by mail" in self.server.process.output(), "the log to say that the server is down")
        self.server.kill()
        self.mail = MailServer(self.directory, USER, PASSWORD, port=self.mail.port)  # its certificate replaces the file of the old one
        self.server.start()
        self.mail.wait_for(lambda mail: "could not be delivered" in mail.subject, "the warning", seconds=60)
        self.mail.wait_for(lambda mail: "was disabled" in mail.subject, "that the endpoint was disabled")

    def test_a_second_failure_of_the_day_waits_for_the_next_mail(self):
        self.serve(lambda request: 410)
        self.add_member("ops@saas.example", "Admin")
        self.end_flow("www.shop.example", "acme")
        self.mail.wait_for(lambda mail: "was disabled" in mail.subject, "that the endpoint was disabled")
        self.mail.wait_for(lambda mail: "could not be delivered" in mail.subject, "the warning")
        self.server.stop()  # in order: the mail under way is noted
        self.server.start()
        self.server.v1("PATCH", f"/endpoints/{self.endpoint}?application={self.application}", {"enabled": True})
        self.end_flow("www.other.example", "other")
        wait_until(lambda: len([mail for mail in self.mail.all() if "was disabled" in mail.subject]) == 2, "the second mail about the endpoint")
        self.assertEqual(len([mail for mail in self.mail.all() if "could not be delivered" in mail.subject]), 1)

    def test_one_unknown_recipient_does_not_keep_the_warning_from_the_others(self):
        self.serve(lambda request: 410)
        self.add_member("gone@saas.example", "Admin")
        self.add_member("ops@saas.example", "Admin")
        self.mail.refused.add("gone@saas.example")
        self.end_flow("www.shop.example", "acme")
        mail = self.mail.wait_for(lambda mail: "could not be delivered" in mail.subject, "the warning")
        self.assertEqual(mail.recipients, ["ops@saas.example"])


class MailCommand(unittest.TestCase):
    """`signpost mail test`, server by server."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="signpost-mail-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def run_test(self, mail, lines="", env=None):
        config = self.directory / "signpost.toml"
        config.write_text(f'[smtp]\nurl = "{mail.url}"\nfrom = "signpost@saas.example"\n{lines}')
        program = Signpost(self.directory / "unused")
        return program.run("mail", "test", "ops@saas.example", "--config", config, check=False, env=env)

    def server(self, **options):
        mail = MailServer(self.directory, **options)
        self.addCleanup(mail.stop)
        return mail

    def test_sends_over_starttls_with_a_password_from_the_environment(self):
        mail = self.server(username=USER, password=PASSWORD)
        done = self.run_test(mail, f'username = "{USER}"\nca_file = "{mail.certificate}"\n', {"SIGNPOST_SMTP_PASSWORD": PASSWORD})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("took a mail", done.stdout)
        self.assertTrue(mail.all()[0].was_tls and mail.all()[0].was_authenticated)

    def test_a_wrong_password_is_said_and_never_shown(self):
        mail = self.server(username=USER, password=PASSWORD)
        done = self.run_test(mail, f'username = "{USER}"\nca_file = "{mail.certificate}"\n', {"SIGNPOST_SMTP_PASSWORD": "wrong-hush"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("535", done.stderr)
        self.assertNotIn("hush", done.stdout + done.stderr)

    def test_a_server_without_tls_gets_nothing_unless_the_settings_say_so(self):
        mail = self.server(tls=False)
        self.assertEqual(self.run_test(mail).returncode, 1)
        self.assertEqual(self.run_test(mail, 'tls = "none"\n').returncode, 0)
        self.assertEqual(self.run_test(mail, 'tls = "opportunistic"\n').returncode, 0)
        self.assertEqual(len(mail.all()), 2)

    def test_a_certificate_of_strangers_is_refused(self):
        mail = self.server()
        done = self.run_test(mail)
        self.assertEqual(done.returncode, 1)
        self.assertIn("certificate", done.stderr)
        self.assertEqual(mail.all(), [])

    def test_a_recipient_that_the_server_refuses_is_said(self):
        mail = self.server(tls=False)
        mail.refused.add("ops@saas.example")
        done = self.run_test(mail, 'tls = "none"\n')
        self.assertEqual(done.returncode, 1)
        self.assertIn("550", done.stderr)

    def test_nobody_listening_is_said(self):
        mail = self.server(tls=False)
        mail.stop()
        done = self.run_test(mail, 'tls = "none"\n')
        self.assertEqual(done.returncode, 1)
        self.assertIn(mail.url, done.stderr)

    def test_a_password_file_that_others_may_read_is_refused(self):
        mail = self.server(username=USER, password=PASSWORD)
        password = self.directory / "password"
        password.write_text(PASSWORD)
        os.chmod(password, 0o644)
        done = self.run_test(mail, f'username = "{USER}"\npassword_file = "{password}"\n')
        self.assertEqual(done.returncode, 1)
        self.assertIn("chmod 600", done.stderr)


if __name__ == "__main__":
    unittest.main()
