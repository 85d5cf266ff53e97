#!/usr/bin/env bash
# Guess: a task that has ended, whose result the caller has in hand, is over; `pure=False`, which says that the function does more
# than compute, makes sure that it isn't run at will.
#
# What happens: as long as the caller keeps the future, the scheduler keeps its promise to have the result, and when the worker
# that held it dies, it calls the function again on another, though nobody asked. The future says "finished" before and soon again;
# `pure=False` and `retries=0` change nothing. A worker that is shot for its memory at the end of a night so buys what it held.
#
# Versions: distributed 2026.8.0 (PyPI).
# Source: the manual's page on resilience says that lost results are computed again; what `pure` is for, its page on clients.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile distributed==2026.8.0 dask==2026.8.0
cd "$work"
cat > night.py <<'PY'
import importlib.metadata, logging, os, signal, time
from distributed import Client, LocalCluster


def generate(prompt):
    with open("paid", "a") as file:
        print(prompt, os.getpid(), file=file)
    return f"video of {prompt}"


def paid():
    with open("paid") as file:
        return [line.split() for line in file]


if __name__ == "__main__":
    print("distributed", importlib.metadata.version("distributed"))
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None,
                      silence_logs=logging.CRITICAL) as cluster, Client(cluster) as client:
        future = client.submit(generate, "dog", pure=False, retries=0)
        print("result:", future.result(timeout=30), "status:", future.status, "paid:", len(paid()))
        time.sleep(2)
        before = len(paid())
        os.kill(int(paid()[0][1]), signal.SIGKILL)
        for _ in range(200):
            if len(paid()) > 1 and future.status == "finished":
                break
            time.sleep(0.1)
        status, after = future.status, len(paid())
        by = len({pid for _, pid in paid()})
        print("the worker that ran it is killed; status:", status, "paid:", after, "by", by, "processes")
    assert (before, after, by, status) == (1, 2, 2, "finished"), "this is no longer so"
PY
timeout 100 venv/bin/python night.py 2>errors || { tail -3 errors; exit 1; }
