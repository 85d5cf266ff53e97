"""Where a tool changes a text itself, or writes what another reader can't read: by the tool's file, the texts, each with why."""

OF_YAML_1_1 = {
    "float": "written without quotes: a text to YAML 1.1, a number to YAML 1.2",
    "octal": "written without quotes: a text to YAML 1.1, a number to YAML 1.2",
}

# Only where it is escaped, in ASCII or in double quotes, both read it alike.
LINE_SEPARATOR = {"line-separator": "U+2028 is a line break to YAML 1.1, and is written as one: to YAML 1.2 it is another text"}

CHANGED = {
    "pyyaml.yaml": OF_YAML_1_1,
    "pyyaml-unicode.yaml": OF_YAML_1_1 | LINE_SEPARATOR,
    "pyyaml-narrow.yaml": OF_YAML_1_1 | LINE_SEPARATOR,
    "pyyaml-blocks.yaml": OF_YAML_1_1 | LINE_SEPARATOR,
    "pyyaml-flow.yaml": OF_YAML_1_1 | LINE_SEPARATOR,
    "pyyaml-single.yaml": LINE_SEPARATOR,
    "pyyaml-literal.yaml": LINE_SEPARATOR,
    "pyyaml-folded.yaml": LINE_SEPARATOR,
    "ruamel.yaml": LINE_SEPARATOR,
    "ruamel-flow.yaml": {
        "leading-question": "written without quotes in braces, where it starts a key: no reader takes it, its own neither"
    },
    "ruamel-narrow.yaml": LINE_SEPARATOR | {"long-with-runs": "a line that is folded in double quotes gets a blank more"},
    # These are given what PyYAML writes.
    "given.yaml": LINE_SEPARATOR,
    "prettier.yaml": LINE_SEPARATOR,
    "prettier-narrow.yaml": LINE_SEPARATOR,
    "prettier-always.yaml": LINE_SEPARATOR,
    "yamlfix.yaml": LINE_SEPARATOR,
    "toml.toml": {
        "no-break-space": "its escape is written wrongly",
        "soft-hyphen": "its escape is written wrongly",
    },
}
