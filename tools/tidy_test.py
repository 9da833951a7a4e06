# SPDX-License-Identifier: Apache-2.0
"""tidy finds what it promises to find: each case plants one fault in a small tree."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TIDY = pathlib.Path(__file__).with_name("tidy.py")
HEADER = "// SPDX-License-Identifier: Apache-2.0\n//\n// What it is.\n#pragma once\n"
SOURCE = "// SPDX-License-Identifier: Apache-2.0\n"
PAGE = "floor(base USES fmt::fmt)\nfloor(model NEEDS base)\nfloor(net NEEDS base)\nfloor(api NEEDS base model net)\n"


class Tidy(unittest.TestCase):
    def findings(self, files):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            for name, text in {"src/CMakeLists.txt": PAGE, **files}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            done = subprocess.run([sys.executable, TIDY, directory], capture_output=True, text=True, check=False)
            # a small tree uses few libraries: their doors are no matter here
            return [line for line in done.stdout.splitlines() if "take its door away" not in line and not line.startswith("tidy:")]

    def assert_found(self, files, text):
        found = self.findings(files)
        self.assertEqual(len(found), 1, found)
        self.assertIn(text, found[0])

    def test_clean_tree_has_no_finding(self):
        self.assertEqual(self.findings({"src/api/a.cc": SOURCE + '#include "model/m.h"\n', "src/model/m.h": HEADER}), [])

    def test_upward_include(self):
        self.assert_found({"src/model/m.cc": SOURCE + '#include "api/a.h"\n'}, "floor model may not include api")

    def test_sideways_include(self):
        self.assert_found({"src/net/n.cc": SOURCE + '#include "model/m.h"\n'}, "floor net may not include model")

    def test_library_outside_its_door(self):
        self.assert_found({"src/model/m.cc": SOURCE + "#include <sqlite3.h>\n"}, "belongs behind its door")

    def test_sql_outside_store(self):
        self.assert_found({"src/api/a.cc": SOURCE + 'auto q = "SELECT id FROM connection";\n'}, "SQL lives in store")

    def test_missing_licence_line(self):
        self.assert_found({"src/api/a.cc": "int a;\n"}, "the first line must say")

    def test_header_without_its_facts(self):
        self.assert_found({"src/api/a.h": SOURCE + "#pragma once\n"}, "four facts")

    def test_sleeping_test(self):
        self.assert_found({"src/api/a_test.cc": SOURCE + "std::this_thread::sleep_" + "for(1s);\n"}, "wait for what you wait for")

    def test_forgotten_note(self):
        self.assert_found({"src/api/a.cc": SOURCE + "// TO" + "DO later\n"}, "finish it")

    def test_link_that_leads_nowhere(self):
        self.assert_found({"docs/page.md": "[gone](nowhere.md)\n"}, "leads nowhere")

    def test_floor_that_needs_one_above_it(self):
        self.assert_found({"src/CMakeLists.txt": "floor(base NEEDS net)\nfloor(net)\n"}, "does not stand below it")


if __name__ == "__main__":
    unittest.main()
