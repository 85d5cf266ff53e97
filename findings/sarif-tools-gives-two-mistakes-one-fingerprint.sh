#!/usr/bin/env bash
# Guess: `sarif codeclimate`, which makes of SARIF what GitLab shows beside a merge request, takes the fingerprints that the file
# brings, or makes one for each result.
#
# What happens: it makes its own of rule, file, line and text, so two mistakes of one kind in one line, two misspelt names in one
# prompt, have the same, though their columns and their `partialFingerprints` differ; GitLab takes equal fingerprints for one
# finding. Once a line is put above them they have new ones and count as new. And `--check error` fails for a result that is
# suppressed.
#
# Versions: sarif-tools 3.0.5 (PyPI).
# Source: seen here; GitLab's manual calls the fingerprint unique.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile sarif-tools==3.0.5
timeout 60 python3 - <<'EOF'
import json, subprocess


def result(line, column, mark, **more):
    place = {"artifactLocation": {"uri": "jobs.yaml"}, "region": {"startLine": line, "startColumn": column}}
    return {
        "ruleId": "unknown-mention", "level": "error", "message": {"text": "mentions none of the references"},
        "partialFingerprints": {"finding/v1": mark}, "locations": [{"physicalLocation": place}], **more,
    }


def sarif(results, *arguments):
    with open("check.sarif", "w") as file:
        json.dump({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "check"}}, "results": results}]}, file)
    return subprocess.run(["venv/bin/sarif", *arguments, "check.sarif"], capture_output=True, text=True).returncode


def fingerprints(line):
    assert sarif([result(line, 14, "first"), result(line, 30, "second")], "codeclimate", "-o", "quality.json") == 0
    with open("quality.json") as file:
        return [issue["fingerprint"] for issue in json.load(file)]


before, after = fingerprints(14), fingerprints(15)
print("sarif-tools 3.0.5; two results in one line:", before)
print("the same one line lower:", after)
suppressed = sarif([result(14, 14, "first", suppressions=[{"kind": "external", "status": "accepted"}])], "--check", "error", "summary")
clean = sarif([], "--check", "error", "summary")
print("--check error ends with", suppressed, "for one suppressed result, with", clean, "for none")
assert len(before) == len(after) == 2 and before[0] == before[1] and after[0] == after[1] and before[0] != after[0], "this is no longer so"
assert suppressed == 1 and clean == 0, "this is no longer so"
EOF
