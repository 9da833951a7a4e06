#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house's style as a test: floors, doors, SQL, licence lines, links. `tools/tidy.py [ROOT]`; exit 1 with one line a finding."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
ROOT = ROOT if ROOT.is_dir() else ROOT.parent.parent
LICENCE = "SPDX-License-Identifier: Apache-2.0"

# One library, one door (docs/style.md 25): which sources may include what. A source that no longer needs its line fails.
DOORS = {
    r"openssl/": r"src/crypto/.*|src/net/.*|bench/.*",
    r"boost/json": r"src/api/.*|src/crypto/jw(t|ks).*|src/crypto/account_key_test\.cc|src/acme/authority_json.*|src/acme/testing/.*|"
                   r"src/services/(event_schema|observation)_json.*|src/services/search_engines_test\.cc|src/services/testing/.*|src/app/.*|src/cloud/.*\.cc|src/cloud/testing/.*|packages/cpp/test/.*",
    r"boost/(asio|beast)": r"src/(net|dns)/.*|cmake/pch\.h",
    r"jansson\.h|jose/": r"src/crypto/account_key\.cc",
    r"curl/": r"src/net/(http_client|mail)\.cc",
    r"ldns/": r"src/dns/(message|update_message)\.cc",
    r"sqlite3\.h": r"src/store/.*\.cc",
    r"libpq-fe\.h": r"src/store/.*\.cc",
    r"(libpsl|idn2)\.h": r"src/base/host_name\.cc",
    r"spdlog/": r"src/base/log\.cc",
    r"fmt/": r"src/base/text\.h|cmake/pch\.h",
    r"toml\+\+/": r"src/app/settings\.cc",
    r"CLI/": r"src/app/.*",
    r"pugixml": r"src/cloud/cloudfront_document\.cc",
    r"signpost/webhooks": r"packages/cpp/.*|src/services/webhook_signature\.h",
}
SQL = re.compile(r'"\s*(SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b')
BANNED = {
    r"\b(TODO|FIXME|XXX)\b": "finish it, or write it into an issue",
    r"\bsleep_for\b|\busleep\b|time\.sleep\(": "wait for what you wait for: an event, a clock of your own, a deadline",
    r"\busing namespace (std|boost)\s*;": "name what you use",
}
# What watches real processes, kills them at random moments, or is a database thread of its own with a retry to wait for.
MAY_SLEEP = re.compile(r"bench/.*|tests/harness/.*|tests/end_to_end/crash_test\.py|src/store/postgres_database\.cc|tools/tidy\.py")

findings = []


def finding(path, line, text):
    findings.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def tracked():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True)
    names = listed.stdout.split("\n") if listed.returncode == 0 else [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")]
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def floors():
    """NAME -> what it may include, from the page that is the architecture."""
    page = (ROOT / "src/CMakeLists.txt").read_text()
    needs = {}
    for name, words in re.findall(r"^floor\((\w+)\s*([^)]*)\)", page, re.M):
        direct = re.search(r"NEEDS ([\w ]+?)(?:\s+USES|$)", words.replace("\n", " ").strip())
        needs[name] = set(direct.group(1).split()) if direct else set()
        for below in needs[name]:
            if below not in needs:
                findings.append(f"src/CMakeLists.txt: floor {name} needs {below}, which does not stand below it")
    return needs


def check_includes(path, text, needs):
    floor = path.relative_to(ROOT / "src").parts[0]
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'#include "(\w+)/', line)
        if match and match.group(1) in needs and match.group(1) != floor and match.group(1) not in needs.get(floor, set()):
            finding(path, number, f"floor {floor} may not include {match.group(1)}: it points upward or sideways (src/CMakeLists.txt)")


def check_doors(path, text, used):
    name = str(path.relative_to(ROOT))
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"#include <([^>]+)>", line)
        if not match:
            continue
        for library, door in DOORS.items():
            if re.match(library, match.group(1)):
                used.add(library)
                if not re.fullmatch(door, name):
                    finding(path, number, f"<{match.group(1)}> belongs behind its door: {door}")


def check_text(path, text):
    name = str(path.relative_to(ROOT))
    lines = text.splitlines()
    if LICENCE not in "\n".join(lines[:2]):
        finding(path, 1, f"the first line must say {LICENCE}")
    for number, line in enumerate(lines, 1):
        for pattern, advice in BANNED.items():
            if re.search(pattern, line) and not ("sleep" in pattern and MAY_SLEEP.fullmatch(name)) and name != "tools/tidy.py":
                finding(path, number, f"{re.search(pattern, line).group(0)}: {advice}")
        if path.suffix in (".cc", ".h") and SQL.search(line) and not name.startswith("src/store/"):
            finding(path, number, "SQL lives in store")
        if len(line) > 160 and path.suffix in (".cc", ".h") and not name.endswith("_test.cc"):
            finding(path, number, f"{len(line)} columns; ./dev fmt")


def check_header(path, text):
    if "#pragma once" not in text:
        finding(path, 1, "a header says #pragma once")
    if not re.match(r"// SPDX[^\n]*\n//\n// \S", text):
        finding(path, 2, "a header opens with its four facts: what it is, who owns it, which thread, what always holds")


def check_links(path, text):
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", prose):
        if not (path.parent / target).exists():
            finding(path, 1, f"the link to {target} leads nowhere")


def main():
    needs, used = floors(), set()
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if path.suffix in (".cc", ".h", ".py") and not name.startswith("bench/node"):
            text = path.read_text()
            check_text(path, text)
            if path.suffix == ".h" and name.startswith("src/"):
                check_header(path, text)
            if name.startswith("src/"):
                check_includes(path, text, needs)
            check_doors(path, text, used)
        elif path.suffix == ".md":
            check_links(path, path.read_text())
    for library in DOORS.keys() - used:
        findings.append(f"tools/tidy.py: nobody includes {library} any more: take its door away")
    for line in findings:
        print(line)
    print(f"tidy: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
