#!/usr/bin/env bash
# Guess: DuckDB reads back a CSV that it wrote itself, at least where it is told that there is a header.
#
# What happens: a table with one column of texts, each with a semicolon, a pipe or a tab in it, is written without quotes, as these
# separate nothing in a file with commas. On reading, DuckDB takes that character for the separator, skips the line `prompt` as a
# title, and makes the first prompt the names of two columns. No error, no warning, one job less and the rest in halves, also with
# `header = true`; with `delim = ','` all is well. A second column in the table is enough to be safe.
#
# Versions: duckdb 2.0.1 (PyPI).
# Source: seen here; the manual says that the dialect is guessed, and how to tell it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile duckdb==2.0.1
timeout 60 venv/bin/python - <<'PY'
import duckdb

print("duckdb", duckdb.__version__)


def read_back(columns, rows, options=""):
    """The column names and the rows of a table that was written to a CSV and read."""
    duckdb.execute("create or replace table jobs (" + ", ".join(f"{column} text" for column in columns) + ")")
    duckdb.executemany("insert into jobs values (" + ", ".join("?" * len(columns)) + ")", rows)
    duckdb.execute("copy jobs to 'jobs.csv'")
    table = duckdb.sql(f"from read_csv('jobs.csv'{options})")
    return table.columns, table.fetchall()


for mark in "|;\t":
    prompts = [(f"a {animal}{mark} slow pan",) for animal in ("dog", "cat", "hen")]
    rows = [(str(number), prompt) for number, (prompt,) in enumerate(prompts)]
    for options in ("", ", header = true"):
        columns, back = read_back(["prompt"], prompts, options)
        print(f"{prompts} with {options or 'no options'}: columns {columns}, rows {back}")
        assert len(columns) == 2 and columns[0].strip() == "a dog" and len(back) == 2, "this is no longer so"
    assert read_back(["prompt"], prompts, ", delim = ','") == (["prompt"], prompts), "this is no longer so"
    assert read_back(["id", "prompt"], rows)[1][0][1] == prompts[0][0], "this is no longer so"
PY
