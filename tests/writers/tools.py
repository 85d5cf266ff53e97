"""Where a tool changes a text itself, or refuses it: by the name of the tool's file, the ends of the ids; `*` is all."""

CHANGED = {}
