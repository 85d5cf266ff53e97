#!/usr/bin/env bash
# Guess: a converter from SARIF to JUnit makes a failed test of each result, or at least of those that SARIF calls an error.
#
# What happens: sarif-junit looks at the `level` of the result alone. Where it isn't written, SARIF takes the level of the rule, or
# "warning"; sarif-junit writes a test that passed, without the line. So an error, by its rule, is green in the list of tests, and a
# warning or an error that a person has suppressed is red.
#
# Versions: sarif-junit 1.1.4 (npm), Node.js 20.
# Source: SARIF 2.1.0, 3.27.10, tells where a level comes from; the rest was seen here.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --no-package-lock sarif-junit@1.1.4 >/dev/null
timeout 60 python3 - <<'EOF'
import json, subprocess
from xml.etree import ElementTree


def result(line, **more):
    place = {"artifactLocation": {"uri": "jobs.yaml"}, "region": {"startLine": line}}
    return {"ruleId": "unknown-mention", "ruleIndex": 0, "message": {"text": f"case {line}"}, "locations": [{"physicalLocation": place}], **more}


rule = {"id": "unknown-mention", "defaultConfiguration": {"level": "error"}}
results = [
    result(1),
    result(2, level="error"),
    result(3, level="warning"),
    result(4, level="error", suppressions=[{"kind": "external", "status": "accepted"}]),
]
log = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "check", "rules": [rule]}}, "results": results}]}
with open("check.sarif", "w") as file:
    json.dump(log, file)
subprocess.run(["node_modules/.bin/sarif-junit", "-i", "check.sarif", "-o", "junit.xml"], check=True, stdout=subprocess.DEVNULL)
tests = {case.get("name"): case.find("failure") is not None for case in ElementTree.parse("junit.xml").iter("testcase")}
print("sarif-junit 1.1.4; an error by its rule, an error, a warning, a suppressed error:")
for name, failed in tests.items():
    print(f"  {name!r}: {'failed' if failed else 'passed'}")
assert tests == {"case 1": False, "Ln 2 case 2": True, "Ln 3 case 3": True, "Ln 4 case 4": True}, "this is no longer so"
EOF
