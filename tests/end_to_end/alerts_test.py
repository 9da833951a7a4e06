# SPDX-License-Identifier: Apache-2.0
"""The alert rules: Prometheus takes them, they ask for metrics that are there, and the page says what to do for each."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from harness.signpost import Signpost, call

OPERATING = pathlib.Path(__file__).resolve().parents[2] / "docs/operating"
RULES = OPERATING / "alerts.rules.yaml"


class Alerts(unittest.TestCase):
    def test_ask_only_for_metrics_that_there_are(self):
        with tempfile.TemporaryDirectory(prefix="signpost-alerts-") as directory:
            server = Signpost(directory).start()
            try:
                exposed = call(server.operation, "GET", "/metrics").body.decode()
            finally:
                server.stop()
        lines = "\n".join(line for line in RULES.read_text().splitlines() if "alert:" not in line)
        wanted = set(re.findall(r"\bsignpost_\w+", lines))
        self.assertTrue(wanted)
        for name in wanted:
            self.assertIn(f"# TYPE {name} ", exposed)
        for name, label, value in re.findall(r'\b(signpost_\w+)\{(\w+)="(\w+)"', lines):
            self.assertRegex(exposed, rf'(?m)^{name}\{{[^}}]*{label}="{value}"')

    def test_are_each_explained_on_their_page(self):
        page = (OPERATING / "alerts.md").read_text()
        names = re.findall(r"alert: (\w+)", RULES.read_text())
        self.assertEqual(len(names), 4)
        for name in names:
            self.assertIn(f"**{name}.**", page)

    @unittest.skipUnless(shutil.which("promtool"), "promtool (Debian: prometheus) is not installed")
    def test_are_rules_that_prometheus_takes(self):
        done = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
