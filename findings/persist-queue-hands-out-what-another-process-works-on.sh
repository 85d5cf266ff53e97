#!/usr/bin/env bash
# Guess: in a queue on disk with acknowledgements an item that a process took and hasn't acknowledged stays with it while it
# lives, and comes back after its death.
#
# What happens: SQLiteAckQueue puts every unacknowledged item back each time that a process opens the queue (`auto_resume`, on by
# default), whoever holds it. So a second worker, started while the first is in the middle of a generation, takes the same job
# and pays for it again; the first acknowledges it without an error. With `auto_resume=False` nobody gets it, not even after a
# death.
#
# Versions: persist-queue 1.1.0 (PyPI).
# Source: seen here; the package speaks of resuming after a restart, which with one process is the same.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile persist-queue==1.1.0
cd "$work"
cat > worker.py <<'PY'
import sys, persistqueue

queue = persistqueue.SQLiteAckQueue(sys.argv[1], auto_resume=sys.argv[2] == "on")
try:
    item = queue.get(block=False)
except persistqueue.exceptions.Empty:
    print("nothing", flush=True)
    sys.exit()
print(item, flush=True)
if input() == "done":
    queue.ack(item)
    print("acknowledged", flush=True)
PY
timeout 60 venv/bin/python - <<'EOF'
import importlib.metadata, subprocess, sys
import persistqueue


def worker(path, resume):
    return subprocess.Popen([sys.executable, "worker.py", path, resume], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def took(process):
    return process.stdout.readline().strip()


def end(process, word):
    """Lets a worker end its job and tells what it said; None where it had ended before."""
    if process.poll() is not None or word == "kill":
        process.kill()
        process.wait()
        return None
    return process.communicate(word + "\n")[0].strip()


print("persist-queue", importlib.metadata.version("persist-queue"))
for resume, second in [("on", "a dog"), ("off", "nothing")]:
    persistqueue.SQLiteAckQueue("jobs-" + resume).put("a dog")
    first = worker("jobs-" + resume, resume)
    begun = took(first)
    other = worker("jobs-" + resume, resume)
    meanwhile = took(other)
    said = [end(first, "done"), end(other, "done") if meanwhile != "nothing" else end(other, "kill")]
    print(f"auto_resume {resume}: the first worker took {begun!r}; a second, while it works, {meanwhile!r}; then", said)
    assert (begun, meanwhile, said[0]) == ("a dog", second, "acknowledged"), "this is no longer so"
persistqueue.SQLiteAckQueue("jobs-dead").put("a dog")
first = worker("jobs-dead", "off")
took(first)
end(first, "kill")
later = worker("jobs-dead", "off")
left = took(later)
end(later, "kill")
print(f"auto_resume off: after the death of the first worker the next takes {left!r}")
assert left == "nothing", "this is no longer so"
EOF
