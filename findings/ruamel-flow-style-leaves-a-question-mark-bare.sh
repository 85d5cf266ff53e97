#!/usr/bin/env bash
# Guess: what ruamel.yaml writes, ruamel.yaml reads; a text that could be taken for something else gets quotes.
#
# What happens: in flow style (`default_flow_style = True`) a text that starts with `? ` or `: ` is written without quotes,
# `{a: ? starts like a key}`, where these are indicators of YAML. No reader takes it back, its own neither
# nor PyYAML's. In block style the same writer puts the quotes, and PyYAML does in both.
#
# Versions: ruamel.yaml 0.19.1, PyYAML 6.0.3 (PyPI).
# Source: YAML 1.2.2, rule 126 (ns-plain-first) and example 7.10.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check ruamel.yaml==0.19.1 PyYAML==6.0.3
timeout 60 "$work/venv/bin/python" - <<'EOF'
import io
import sys

import ruamel.yaml
import yaml

print("ruamel.yaml", ruamel.yaml.__version__, "and PyYAML", yaml.__version__)
READERS = {"ruamel.yaml": lambda text: ruamel.yaml.YAML(typ="safe", pure=True).load(text), "PyYAML": yaml.safe_load}


def read(text, meant):
    """What each reader makes of a text."""
    found = {}
    for name, reader in READERS.items():
        try:
            found[name] = "the same" if reader(text) == meant else "something else"
        except Exception as error:
            found[name] = type(error).__name__
    return found


def by_ruamel(data, flow):
    writer, out = ruamel.yaml.YAML(), io.StringIO()
    writer.default_flow_style = flow
    writer.dump(data, out)
    return out.getvalue()


changed = False
for text in ["? starts like a key", ": starts like a value"]:
    data = {"a": text, "b": 1}
    rows = {
        "ruamel.yaml, flow": by_ruamel(data, True),
        "ruamel.yaml, block": by_ruamel(data, False),
        "PyYAML, flow": yaml.safe_dump(data, default_flow_style=True),
    }
    for writer, written in rows.items():
        found = read(written, data)
        print(f"{writer:19} {written.strip()!r:44} {found}")
        is_lost = all(what != "the same" for what in found.values())
        changed |= is_lost != (writer == "ruamel.yaml, flow")
sys.exit("the behaviour has changed" if changed else 0)
EOF
