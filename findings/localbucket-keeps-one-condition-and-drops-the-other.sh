#!/usr/bin/env bash
# Guess: a store that answers 412 to a second `If-None-Match: *` knows conditional writes, so a swap (`If-Match`) with an ETag that
# is no longer the object's gets 412 too, or at least an error that says that this isn't to be had.
#
# What happens: LocalBucket lets one of eight creators win, however often one asks, and takes each swap: 200 for a stale ETag, for
# a key that isn't there, and for all of eight that start from the same ETag. Its help names `If-None-Match: *` for PutObject and
# says nothing of `If-Match`. A probe that only creates twice takes it for safe; each record after the first is then written over.
#
# Versions: localbucket 1.2.1 (PyPI).
# Source: seen here; RFC 9110, 13.1.1: where the condition is false, the request must not be carried out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check localbucket==1.2.1
timeout 60 python3 - "$work" <<'EOF'
import http.client, pathlib, socket, subprocess, sys, threading, time

work = pathlib.Path(sys.argv[1])
with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]


def put(key, body, **condition):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    client.request("PUT", key, body, {name.replace("_", "-"): value for name, value in condition.items()})
    reply = client.getresponse()
    reply.read()
    return reply.status, reply.getheader("ETag")


def at_once(key, **condition):
    barrier, won = threading.Barrier(8), []

    def one(number):
        barrier.wait()
        won.append(put(key, b"from %d" % number, **condition)[0] == 200)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(won)


(work / "data").mkdir()
server = subprocess.Popen([work / "venv/bin/localbucket", "--port", str(port), work / "data"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
try:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    put("/ledger", b"")
    created = put("/ledger/a", b"1", If_None_Match="*"), put("/ledger/a", b"2", If_None_Match="*")
    races = {at_once(f"/ledger/race-{number}", If_None_Match="*") for number in range(20)}
    first = put("/ledger/b", b"1")[1]
    put("/ledger/b", b"2", If_Match=first)
    stale = put("/ledger/b", b"3", If_Match=first)[0]
    missing = put("/ledger/nothing", b"1", If_Match=first)[0]
    start = put("/ledger/c", b"1")[1]
    swaps = at_once("/ledger/c", If_Match=start)
finally:
    server.kill()
    server.wait()
print("localbucket 1.2.1")
print("  created twice:", [status for status, _ in created], "winners of eight at once, in 20 rounds:", races)
print("  swap with a stale ETag:", stale, "of a missing key:", missing, "winners of eight swaps from one ETag:", swaps)
assert [status for status, _ in created] == [200, 412] and races == {1}
assert (stale, missing, swaps) == (200, 200, 8)
EOF
