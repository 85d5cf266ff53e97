#!/usr/bin/env bash
# Guess: an S3 double that answers 412 to a second `If-None-Match: *` does so as well when both come at once: one of them wins.
#
# What happens: moto looks whether the key is there, reads and hashes the body, and stores it; nothing holds the key between. Of
# rounds in which eight clients create one key at once, a few in a hundred end with two answers of 200, each with its own ETag;
# one of the two records is lost. One after the other, all is right. A test of two runs that share a bucket fails now and then,
# and the program under test is not to blame.
#
# Versions: moto 5.2.5 (PyPI).
# Source: seen here; S3 itself says that of concurrent conditional writes the first to finish succeeds.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.5
timeout 110 python3 - "$work" <<'EOF'
import http.client, pathlib, socket, subprocess, sys, threading, time

work = pathlib.Path(sys.argv[1])
with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]
CLIENTS = 8


def put(client, key, body, condition=None):
    # Any credential will do: moto looks only for the region and the service in it.
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"}
    client.request("PUT", key, body, headers | (condition or {}))
    reply = client.getresponse()
    reply.read()
    return reply.status, reply.getheader("ETag")


def connect():
    return http.client.HTTPConnection("127.0.0.1", port, timeout=20)


server = subprocess.Popen([work / "venv/bin/moto_server", "-H", "127.0.0.1", "-p", str(port)], cwd=work,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    absent = {"If-None-Match": "*"}
    put(connect(), "/ledger", b"")
    alone = [put(connect(), "/ledger/alone", body, absent)[0] for body in (b"first", b"second")]
    clients = [connect() for _ in range(CLIENTS)]
    ends, rounds, twice = time.monotonic() + 60, 0, []
    while time.monotonic() < ends and not twice:
        rounds += 1
        barrier, answers = threading.Barrier(CLIENTS), []

        def create(number):
            body = b"%d" % number * 2000
            barrier.wait()
            answers.append(put(clients[number], f"/ledger/key-{rounds}", body, absent))

        threads = [threading.Thread(target=create, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        won = [etag for status, etag in answers if status == 200]
        if len(won) > 1:
            twice.append((rounds, won))
finally:
    server.kill()
    server.wait()
print("moto 5.2.5: one after the other", alone)
for number, won in twice:
    print(f"round {number}: {len(won)} of {CLIENTS} creations of one key were answered 200:", *won)
print(f"{rounds} rounds")
assert alone == [200, 412] and twice, "this is no longer so"
EOF
