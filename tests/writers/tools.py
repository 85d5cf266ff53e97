"""Where a tool changes a text itself, or writes what another reader can't read: by the tool's file, the texts, each with why."""

OF_YAML_1_1 = {
    "float": "written without quotes: a text to YAML 1.1, a number to YAML 1.2",
    "octal": "written without quotes: a text to YAML 1.1, a number to YAML 1.2",
}

LINE_SEPARATOR = {"line-separator": "U+2028 is a line break to YAML 1.1, and is written as one"}

CHANGED = {
    "pyyaml.yaml": OF_YAML_1_1,
    "pyyaml-unicode.yaml": OF_YAML_1_1,
    "pyyaml-narrow.yaml": OF_YAML_1_1,
    "pyyaml-blocks.yaml": OF_YAML_1_1,
    "pyyaml-flow.yaml": OF_YAML_1_1,
    "pyyaml-literal.yaml": LINE_SEPARATOR,
    "pyyaml-folded.yaml": LINE_SEPARATOR,
    "ruamel-flow.yaml": {"leading-question": "written without quotes in braces, where it starts a key: no reader takes it, its own neither"},
    "ruamel-narrow.yaml": {"long-with-runs": "a line that is folded in double quotes gets a blank more"},
    "toml.toml": {
        "no-break-space": "its escape is written wrongly",
        "soft-hyphen": "its escape is written wrongly",
    },
}
