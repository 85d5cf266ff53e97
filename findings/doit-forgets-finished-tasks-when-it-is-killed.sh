#!/usr/bin/env bash
# Guess: a build tool that remembers what is done in a database writes each task there as it ends: killed in the third of three
# tasks, it has two less to do the next time.
#
# What happens: doit keeps all that it learns in memory and writes its database when it ends. Killed in the third task (by the
# kernel's memory limit, a CI time-out, a lost machine) it runs the first two again, though their targets are there; SIGTERM is no
# better. Ctrl-C, and a task that fails, are. It is the same with each of its three kinds of database.
#
# Versions: doit 0.37.0 (PyPI).
# Source: seen here; the package doit-sqlite-sync on PyPI exists for this.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile doit==0.37.0
cat > dodo.py <<'PY'
import os, pathlib, signal, time


def generate(name):
    with open("paid", "a") as file:
        print(name, file=file)
    pathlib.Path(name + ".mp4").write_text("video of " + name)
    way = os.environ.get("END")
    if name == "hen" and way == "fails":
        return False
    if name == "hen" and way:
        os.kill(os.getpid(), getattr(signal, way))
        time.sleep(5)


def task_video():
    for name in ("dog", "cat", "hen"):
        yield {"name": name, "actions": [(generate, [name])], "file_dep": ["jobs"], "targets": [name + ".mp4"]}
PY
venv/bin/python -c 'import importlib.metadata as m; print("doit", m.version("doit"))'
for backend in dbm json sqlite3; do
    for end in SIGKILL SIGTERM SIGINT fails; do
        rm -rf .doit* paid ./*.mp4 db*
        echo three > jobs
        { END=$end timeout 30 venv/bin/doit run --backend $backend --db-file db > log 2>&1 || true; } 2>/dev/null
        : > paid
        timeout 30 venv/bin/doit run --backend $backend --db-file db > log 2>&1
        paid=$(paste -sd' ' paid)
        echo "$backend, $end in the third of three: the next run pays for: $paid"
        case $end in SIGKILL | SIGTERM) expected="dog cat hen" ;; *) expected=hen ;; esac
        [ "$paid" = "$expected" ] || { echo "this is no longer so"; exit 1; }
    done
done
