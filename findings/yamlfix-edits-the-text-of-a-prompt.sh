#!/usr/bin/env bash
# Guess: a formatter of YAML changes how a text is written and not the text; in a block of `|` at least, where each character counts.
#
# What happens: yamlfix takes a block for lines of YAML. It deletes the blank line between two paragraphs, makes `shot #1` into
# `shot  # 1` as if a comment began there, and writes `|-` for `|`, which drops the last line break. It exits 0 and calls the file
# fixed; all three are another prompt to the model. Quoted texts keep their meaning.
#
# Versions: yamlfix 1.19.1 (PyPI), PyYAML 6.0.3 to read.
# Source: lyz-code/yamlfix#231 and #310 have two of the three; the manual doesn't warn.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile yamlfix==1.19.1 PyYAML==6.0.3
timeout 60 venv/bin/python - <<'PY'
import pathlib, subprocess, sys, yaml
from importlib.metadata import version

print("yamlfix", version("yamlfix"))
file = pathlib.Path("jobs.yaml")


def fixed(prompt):
    """What the prompt means before and after yamlfix."""
    text = f"---\njobs:\n  - id: walk\n    prompt: {prompt}\n"
    file.write_text(text)
    subprocess.run([pathlib.Path(sys.executable).parent / "yamlfix", "-c", "/dev/null", file], check=True, capture_output=True)
    return [yaml.safe_load(content)["jobs"][0]["prompt"] for content in (text, file.read_text())]


for prompt, expected in [
    ("|\n      The dog walks.\n\n      The sun sets.", ["The dog walks.\n\nThe sun sets.\n", "The dog walks.\nThe sun sets."]),
    ("|-\n      shot #1: a dog\n      shot #2: a cat", ["shot #1: a dog\nshot #2: a cat", "shot  # 1: a dog\nshot  # 2: a cat"]),
    ("|\n      a dog", ["a dog\n", "a dog"]),
    ('"shot #1: a dog\\n\\nshot #2: a cat"', ["shot #1: a dog\n\nshot #2: a cat"] * 2),
]:
    seen = fixed(prompt)
    print(f"  {seen[0]!r} is then {seen[1]!r}")
    assert seen == expected, "this is no longer so"
PY
