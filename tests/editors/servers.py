"""The language servers, and how manifests look in the language of each."""

import json
import shutil
import subprocess


class Language:
    """One language with its server: how to start it, and where the fields of each mapping of a manifest stand."""

    def __init__(self, name, server, command, at_once, modeline, field, blocks, unlike, unexplained=()):
        self.name, self.server, self.command = name, server, command
        # The line by which the server finds the schema, as `batch init` and the examples write it.
        self.modeline = modeline
        # How many documents to open before waiting for diagnostics.
        self.at_once = at_once
        # A field up to its value.
        self.field = field
        # What stands before the fields of a mapping, by the mapping's name in the schema.
        self.blocks = blocks
        # Cases under tests/manifests/bad in which the server does otherwise than the schema, with the reason.
        self.unlike = unlike
        # Fields that the server explains in another sentence or not at all, with the reason.
        self.unexplained = dict(unexplained)

    def value(self, value):
        """A value on one line."""
        if isinstance(value, dict) and self.name == "toml":
            return "{ " + ", ".join(f"{key} = {self.value(item)}" for key, item in value.items()) + " }"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.value, value)) + "]"
        return json.dumps(value, ensure_ascii=False)


SETTINGS = {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}


def languages(home):
    return [
        Language(
            name="yaml",
            server="yaml-language-server",
            command=["node", f"{home}/node_modules/yaml-language-server/bin/yaml-language-server", "--stdio"],
            at_once=1000,
            modeline="# yaml-language-server: $schema={}\n",
            field="{}: ",
            blocks={
                "manifest": "",
                "service": "service:\n  ",
                "run": "run:\n  ",
                "output": "output:\n  ",
                "prices": "prices:\n  ",
                "line-of-the-price-table": "prices:\n  table:\n    - ",
                "reference-of-the-library": "references:\n  dog:\n    ",
                "defaults": "defaults:\n  ",
                "job": "jobs:\n  - ",
                "reference": "jobs:\n  - id: a\n    references:\n      - ",
            },
            unlike={
                "duration-resolution-merge-key": "a value behind << hides the job's own",
                "syntax-half-character": "it takes one half of a surrogate pair for a character",
                "syntax-two-documents": "each document is looked at by itself, and both are good",
            },
        ),
        Language(
            name="toml",
            server="tombi",
            command=[f"{home}/venv/bin/tombi", "lsp"],
            # Of many that are opened at once it leaves some out.
            at_once=1,
            modeline="#:schema {}\n",
            field="{} = ",
            blocks={
                "manifest": "",
                "service": "[service]\n",
                "run": "[run]\n",
                "output": "[output]\n",
                "prices": "[prices]\n",
                "line-of-the-price-table": "[[prices.table]]\n",
                "reference-of-the-library": "[references.dog]\n",
                "defaults": "[defaults]\n",
                "job": "[[jobs]]\n",
                "reference": '[[jobs]]\nid = "a"\n[[jobs.references]]\n',
            },
            unlike={
                "byte-order-mark": "it takes the mark for a key; editors that hide it from servers have no trouble",
                "merge-conflict": "the marks stand inside a text, which is any text to it",
                "toml-1.1": "it reads TOML 1.0 unless it is told otherwise",
                "wrong-type-float": "5.0 is no whole number to it",
            },
            unexplained={
                "run.confirm_above": "of a whole number where the schema has a number it shows the mapping around it",
            },
        ),
    ]


def without_network():
    """What to put before a command so that it has no network; and whether that is so."""
    if shutil.which("unshare") and subprocess.run(["unshare", "-rn", "true"], stderr=subprocess.DEVNULL).returncode == 0:
        return ["unshare", "-rn"], True
    return [], False
