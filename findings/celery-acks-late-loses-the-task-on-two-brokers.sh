#!/usr/bin/env bash
# Guess: `task_acks_late` means that a task is acknowledged after it has run, so that the task of a worker that was killed in the
# middle is given to the next one; with any broker that Celery knows.
#
# What happens: over the file system and over SQLAlchemy, the brokers that need no server, the message is taken out of the queue
# when it is read. After a SIGKILL no worker gets it, `task_reject_on_worker_lost` or not: the generation that the first had
# ordered is paid for, and nobody waits for it, fetches it, or says so. The next worker takes what is sent after it.
#
# Versions: celery 5.7.0, kombu 5.7.0, SQLAlchemy 2.1.9 (PyPI).
# Source: seen here; Celery's manual on acks_late names no broker.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile celery==5.7.0 kombu==5.7.0 sqlalchemy==2.1.9
cat > app.py <<'PY'
import os, pathlib, signal
from celery import Celery

app = Celery("app", broker=os.environ["BROKER"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_transport_options={"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"} if os.environ["BROKER"] == "filesystem://" else {},
)


@app.task
def video(job):
    with open("paid", "a") as file:
        print(job, file=file)
    if job == "dog" and not pathlib.Path("killed").exists():
        pathlib.Path("killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
PY
send() { timeout 30 venv/bin/python -c 'import sys, app; app.video.delay(sys.argv[1])' "$1"; }
worker=(timeout 60 venv/bin/celery -A app worker -P solo -l ERROR --without-gossip --without-mingle)
venv/bin/python -c 'import celery, kombu; print("celery", celery.__version__, "kombu", kombu.__version__)'
for BROKER in filesystem:// sqla+sqlite:///broker.db; do
    export BROKER
    rm -rf queue control killed paid
    mkdir queue control
    send dog
    code=0
    { "${worker[@]}" > log 2>&1 || code=$?; } 2>/dev/null # killed in the middle of its task
    send cat
    "${worker[@]}" > log 2>&1 & # a second one, which has five seconds more once it has taken what was sent later
    second=$!
    for _ in $(seq 500); do grep --quiet cat paid && break; sleep 0.1; done
    sleep 5
    kill "$second"
    wait "$second" || true
    echo "$BROKER: the first worker ends with $code; both together ran: $(paste -sd' ' paid)"
    [ "$code/$(paste -sd' ' paid)" = "137/dog cat" ] || { cat log; echo "this is no longer so"; exit 1; }
done
