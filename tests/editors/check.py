"""Opens the manifests of the tests in real language servers, as an editor does, and compares what these say.

    check.py ROOT HOME      (started by `run`)
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lsp import Server
from servers import SETTINGS, languages, without_network

# So long a server must have said nothing before what it said is taken for all.
QUIET = 3


class Check:
    """What was looked at, and what was wrong."""

    def __init__(self):
        self.counts = {}
        self.wrong = []

    def count(self, what, right, complaint):
        self.counts[what] = self.counts.get(what, 0) + 1
        if not right:
            self.wrong.append(f"{what}: {complaint}")


def beyond(root):
    """The cases that a schema can't flag."""
    lines = (root / "tests/manifests/beyond-the-schema.txt").read_text().splitlines()
    return {line for line in lines if line and line[0] not in "#["}


def buffer(path, language, schema):
    """The manifest as in an editor, with the line that names the schema on top."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    return mark + language.modeline.format(schema) + text.removeprefix("\ufeff")


def diagnostics(root, language, prefix, check):
    """Every bad manifest is flagged, but for what a schema can't say; no good one is."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder).resolve()
        shutil.copytree(root / "schemas", folder / "schemas")
        shutil.copytree(root / "tests/manifests", folder / "manifests")
        shutil.copytree(root / "examples", folder / "examples")
        for path in folder.glob(f"manifests/*/*/jobs.{language.name}"):
            # An editor makes text of what is no UTF-8 before the server sees it.
            if path.is_file() and path.parent.name != "syntax-not-utf8":
                path.write_text(buffer(path, language, "../../../schemas/manifest.schema.json"), newline="")
            else:
                shutil.rmtree(path.parent)
        paths = sorted(folder.glob(f"*/**/jobs.{language.name}"))
        with Server(prefix + language.command, folder, SETTINGS) as server:
            opened = {}
            for path in paths:
                opened[path] = server.open(path, language.name, path.read_bytes().decode())
                if len(opened) % language.at_once == 0:
                    server.await_diagnostics(opened[path])
            for uri in opened.values():
                server.await_diagnostics(uri)
            server.settle(QUIET)
            said = {path: server.diagnostics[uri] for path, uri in opened.items()}
    unflaggable = beyond(root)
    for path, found in said.items():
        kind, case = path.parent.parent.name, path.parent.name
        # A field without effect is a warning here as there.
        errors = [diagnostic["message"] for diagnostic in found if diagnostic.get("severity", 1) == 1]
        if case in language.unlike:
            flaggable = kind == "bad" and case not in unflaggable
            check.count("unlike the schema, as listed", bool(errors) != flaggable, f"{case}: {errors}")
        elif kind == "bad" and case not in unflaggable:
            check.count("bad manifests flagged", errors, case)
        elif kind == "bad":
            check.count("bad manifests that a schema can't flag", not errors, f"{case}: {errors}")
        else:
            check.count("good manifests not flagged", not found, f"{kind}/{case}: {found}")


def fields(root, language, prefix, check):
    """Completion offers the fields of every mapping, and hover explains each; the schema is found as `batch init` sets it up."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder).resolve()
        subprocess.run([root / "target/debug/batch", "--quiet", "init", folder], check=True)
        schema = json.loads((folder / "jobs.schema.json").read_text())
        blocks = {"manifest": schema, **schema["definitions"]}
        unknown = [name for name, block in blocks.items() if "title" in block and name not in language.blocks]
        check.count("mappings known to this test", not unknown, unknown)
        with Server(prefix + language.command, folder, SETTINGS) as server:
            starter = folder / "jobs.yaml"
            if language.name == "yaml":
                uri = server.open(starter, "yaml", starter.read_text())
                server.await_diagnostics(uri)
                server.settle(QUIET)
                check.count("good manifests not flagged", not server.diagnostics[uri], f"init: {server.diagnostics[uri]}")
            documents = []

            def open_document(name, text):
                uri = server.open(folder / f"{name}.{language.name}", language.name, text)
                documents.append(uri)
                if len(documents) % language.at_once == 0:
                    server.await_diagnostics(uri)
                return uri

            # Opened first and asked then, so that servers that wait before they look wait once.
            questions, values = [], []
            for name, before in language.blocks.items():
                start = language.modeline.format("jobs.schema.json") + before
                empty = open_document(name, start)
                for field, said in blocks[name]["properties"].items():
                    key = json.dumps(field) if "$" in field and language.name == "toml" else field
                    text = start + language.field.format(key) + language.value(value(said)) + "\n"
                    full = open_document(f"{name}-{field.strip('$')}", text)
                    questions.append((name, field, said, start, empty, full))
                    if words := words_of(said):
                        text = start + language.field.format(key)
                        values.append((f"{name}.{field}", words, open_document(f"{name}-{field}-value", text), text))
            for uri in documents:
                server.await_diagnostics(uri)
            for field, words, uri, text in values:
                reply = server.ask("textDocument/completion", place(uri, text))
                items = reply["items"] if isinstance(reply, dict) else reply or []
                offered = {item["label"].strip('"') for item in items}
                check.count("fields whose values are offered", words <= offered, f"{field}: {sorted(offered)}")
            offers = {}
            for name, field, said, start, empty, full in questions:
                if name not in offers:
                    reply = server.ask("textDocument/completion", place(empty, start))
                    items = reply["items"] if isinstance(reply, dict) else reply or []
                    offers[name] = {re.match(r'"?([$\w]*)', item["label"]).group(1) for item in items}
                if "deprecated" not in said:
                    check.count("fields offered", field in offers[name], f"{name}.{field}: {sorted(offers[name])}")
                hover = server.ask("textDocument/hover", place(full, start, 1))
                # A description is plain text to yaml-language-server: it takes their meaning from the signs of Markdown.
                shown = hover["contents"]["value"].replace("\\", "") if hover else ""
                explained = said["description"].splitlines()[0] in shown
                if f"{name}.{field}" in language.unexplained:
                    check.count("fields not explained, as listed", not explained, f"{name}.{field}: {shown!r}")
                else:
                    check.count("fields explained", explained, f"{name}.{field}: {shown!r}")


def words_of(schema):
    """The words or numbers that a value is one of, where there are several; a template may stand in the place of one."""
    choices = [schema, *schema.get("anyOf", [])]
    words = next((choice["enum"] for choice in choices if "enum" in choice), [])
    return {str(word) for word in words} if len(words) > 1 else set()


def value(schema):
    """A value that the schema allows, of those that it names itself."""
    for named in (schema.get("examples"), [schema.get("default")], schema.get("enum"), [schema.get("const")]):
        if named and named[0] is not None:
            return named[0]
    return {"array": [], "object": {}, "number": 1, "integer": 1}.get(schema.get("type", "object"), "a")


def place(uri, text, further=0):
    """The place behind a text."""
    lines = text.split("\n")
    return {"textDocument": {"uri": uri}, "position": {"line": len(lines) - 1, "character": len(lines[-1]) + further}}


def main():
    root, home = map(Path, sys.argv[1:])
    prefix, isolated = without_network()
    print("network: none" if isolated else "network: this machine can't take it away (no user namespaces)")
    def look(language):
        check = Check()
        fields(root, language, prefix, check)
        diagnostics(root, language, prefix, check)
        return check

    failed = False
    # The servers wait more than they work.
    with ThreadPoolExecutor() as pool:
        for language, check in zip(languages(home), pool.map(look, languages(home))):
            print(f"\n{language.server}")
            for what, count in check.counts.items():
                print(f"  {count:4} {what}")
            for line in check.wrong:
                print(f"  WRONG {line}")
            failed |= bool(check.wrong)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
