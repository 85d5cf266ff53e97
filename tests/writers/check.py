"""Holds the program to what real writers and formatters make of a manifest with hard texts: every digest is kept."""

import io
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import orjson
import rtoml
import ruamel.yaml
import simplejson
import toml
import tomli_w
import tomlkit
import yaml

from texts import HARD, digests, manifest
from tools import CHANGED

HERE = Path(__file__).parent


def python_writers(data):
    """The texts of the writers of Python, by name."""

    def ruamel_of(width, flow=False):
        out = io.StringIO()
        writer = ruamel.yaml.YAML()
        writer.width = width
        writer.default_flow_style = flow
        writer.dump(data, out)
        return out.getvalue()

    class Blocks(yaml.SafeDumper):
        pass

    def block(dumper, text):
        style = "|" if "\n" in text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Blocks.add_representer(str, block)
    dump = lambda **how: lambda: yaml.safe_dump(data, sort_keys=False, **how)
    return {
        "pyyaml.yaml": dump(),
        "pyyaml-unicode.yaml": dump(allow_unicode=True),
        "pyyaml-narrow.yaml": dump(allow_unicode=True, width=40),
        "pyyaml-double.yaml": dump(default_style='"'),
        "pyyaml-single.yaml": dump(default_style="'", allow_unicode=True),
        "pyyaml-literal.yaml": dump(default_style="|", allow_unicode=True),
        "pyyaml-folded.yaml": dump(default_style=">", allow_unicode=True),
        "pyyaml-blocks.yaml": lambda: yaml.dump(data, Dumper=Blocks, sort_keys=False, allow_unicode=True),
        "pyyaml-flow.yaml": dump(default_flow_style=True, allow_unicode=True),
        "ruamel.yaml": lambda: ruamel_of(80),
        "ruamel-narrow.yaml": lambda: ruamel_of(40),
        "ruamel-flow.yaml": lambda: ruamel_of(80, True),
        "json-ascii.json": lambda: json.dumps(data),
        "json-indented.json": lambda: json.dumps(data, ensure_ascii=False, indent=4),
        "orjson.json": lambda: orjson.dumps(data).decode(),
        "simplejson.json": lambda: simplejson.dumps(data),
        "tomli-w.toml": lambda: tomli_w.dumps(data),
        "tomli-w-multiline.toml": lambda: tomli_w.dumps(data, multiline_strings=True),
        "tomlkit.toml": lambda: tomlkit.dumps(data),
        "toml.toml": lambda: toml.dumps(data),
        "rtoml.toml": lambda: rtoml.dumps(data),
        "rtoml-pretty.toml": lambda: rtoml.dumps(data, pretty=True),
    }


PSYCH = 'require "json"; require "psych"; print Psych.dump(JSON.parse(STDIN.read))'


def outside_writers(data, texts, home):
    """The texts of the writers of JavaScript and Ruby, and of the formatters that are programs."""
    bundle = {"data": data, **texts}
    node = subprocess.run(
        ["node", str(home / "write.mjs")], input=json.dumps(bundle), capture_output=True, text=True, timeout=240, check=True
    )
    found = json.loads(node.stdout)
    if subprocess.run(["which", "ruby"], capture_output=True).returncode == 0:
        ruby = subprocess.run(["ruby", "-e", PSYCH], input=json.dumps(data), capture_output=True, text=True, timeout=60, check=True)
        found["psych.yaml"] = {"text": ruby.stdout}
    else:
        print("psych: no ruby here, passed over")
    formatters = {
        "taplo.toml": [str(home / "node_modules/.bin/taplo"), "format"],
        "taplo-arrays.toml": [str(home / "node_modules/.bin/taplo"), "format", "--option", "column_width=40", "--option", "reorder_keys=true"],
        "tombi.toml": [str(home / "venv/bin/tombi"), "format", "--offline"],
        "toml-sort.toml": [str(home / "venv/bin/toml-sort"), "--in-place", "--all"],
        "yamlfix.yaml": [str(home / "venv/bin/yamlfix")],
    }
    for name, command in formatters.items():
        kind = name.rsplit(".", 1)[1]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"jobs.{kind}"
            path.write_text(texts[kind], encoding="utf-8", newline="")
            ran = subprocess.run([*command, str(path)], capture_output=True, text=True, timeout=120, cwd=folder)
            if ran.returncode == 0:
                found[name] = {"text": path.read_bytes().decode()}
            else:
                found[name] = {"error": (ran.stderr or ran.stdout).strip().splitlines()[-1][:200]}
    return found


def planned(batch, name, text):
    """The digest of each job by the program; or what it says against the text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"jobs.{name.rsplit('.', 1)[1]}"
        path.write_bytes(text.encode())
        ran = subprocess.run([batch, "plan", "--format", "json", str(path)], capture_output=True, text=True, timeout=120)
        if not ran.stdout:
            return None, ran.stderr
        return {job["id"]: job["digest"] for job in json.loads(ran.stdout)["jobs"]}, ran.stderr


def read_by_another(name, text, home):
    """What another reader makes of a text: by id, prompt and negative prompt; nothing where it reads none."""
    try:
        if name.endswith(".toml"):
            data = tomllib.loads(text)
        elif name.endswith(".json"):
            data = json.loads(text)
        else:
            # By YAML 1.2, as the program does.
            node = ["node", str(home / "read.mjs")]
            read = subprocess.run(node, input=text, capture_output=True, text=True, timeout=60, check=True)
            return {job: (prompt, negative) for job, prompt, negative in json.loads(read.stdout)}
        return {job["id"]: (job["prompt"], job["negative_prompt"]) for job in data["jobs"]}
    except Exception as error:  # Whatever it is, it is no text.
        return str(error).splitlines()[0]


def written(names, home, tools=None):
    """What every tool makes of a manifest of these texts, or these tools alone, by the name of the tool's file."""
    data = manifest(names)
    # What formatters are given is written so that nothing is lost, and by YAML 1.1 and 1.2 alike.
    texts = {
        "yaml": ALIKE.sub(r"negative_prompt: '\1'", yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10**6)),
        "toml": tomli_w.dumps(data),
        "json": json.dumps(data, ensure_ascii=False, indent=1),
    }
    results = {}
    for name, write in python_writers(data).items():
        try:
            results[name] = {"text": write()}
        except Exception as error:
            results[name] = {"error": str(error).splitlines()[0]}
    results |= {f"given.{kind}": {"text": text} for kind, text in texts.items()}
    is_inside = tools is not None and all(tool in results for tool in tools)
    return results if is_inside else results | outside_writers(data, texts, home)


# PyYAML writes for readers of YAML 1.1, to which these are texts; to those of 1.2 they are numbers.
ALIKE = re.compile(r"negative_prompt: (1e3|0o17)$", re.MULTILINE)


def main():
    batch, home = sys.argv[1], Path(sys.argv[2])
    wanted, wrong, kept = digests(), 0, 0
    # The tools that change the same texts are looked at together, with the other texts.
    groups = {frozenset()} | {frozenset(changed) for changed in CHANGED.values()}
    tools = set()
    for group in sorted(groups, key=sorted):
        of_group = [name for name, changed in CHANGED.items() if frozenset(changed) == group] if group else None
        results = written([name for name in HARD if name not in group], home, of_group)
        tools |= results.keys()
        for name, result in results.items():
            if frozenset(CHANGED.get(name, {})) != group:
                continue
            if "error" in result:
                wrong += 1
                print(f"{name}: the tool fails: {result['error']}")
                continue
            found, said = planned(batch, name, result["text"])
            meant = {job: digest for job, digest in wanted.items() if job[2:] not in group}
            if found == meant:
                kept += len(found)
                print(f"{name}: {len(found)} digests kept")
                continue
            wrong += 1
            differs = sorted(job for job in meant if (found or {}).get(job) != meant[job])
            print(f"{name}: {'refused: ' + said.strip()[:400] if found is None else 'other digests: ' + ', '.join(differs)}")
    # Each text that a tool changes: another reader finds it changed too, or none at all.
    for text in sorted(set().union(*CHANGED.values())):
        concerned = [name for name, changed in CHANGED.items() if text in changed]
        results, meant = written([text], home, concerned), {job["id"]: (job["prompt"], job["negative_prompt"]) for job in manifest([text])["jobs"]}
        for name in sorted(concerned):
            result = results[name]
            if "text" in result and read_by_another(name, result["text"], home) == meant:
                wrong += 1
                print(f"{name}: keeps `{text}` now, although tools.py says otherwise: {CHANGED[name][text]}")
    print(f"{len(tools)} tools, {kept} digests kept, {wrong} wrong")
    return 1 if wrong or len(tools) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
