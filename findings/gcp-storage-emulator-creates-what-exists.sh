#!/usr/bin/env bash
# Guess: an emulator of Google's storage either keeps `x-goog-if-generation-match: 0` (the object must not exist) or says that it
# doesn't know it.
#
# What happens: gcp-storage-emulator answers 200 to both creations of one object, by each of three kinds of upload, and the second
# replaces the first. Its answer has a generation, as if there were one to compare. The reply to a PUT, on which the crate
# object_store relies, has no ETag at all.
#
# Versions: gcp-storage-emulator 2026.7.19 (PyPI).
# Source: not written down: its description says nothing of conditions.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check gcp-storage-emulator==2026.7.19
timeout 60 "$work/venv/bin/python" - <<'EOS'
import http.client, json, socket
from gcp_storage_emulator.server import create_server

with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]
server = create_server("127.0.0.1", port, in_memory=True, default_bucket="ledger")
server.start()


def call(method, path, body, headers):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request(method, path, body, headers)
    reply = client.getresponse()
    return reply.status, reply.read(), reply


def put(body):
    return call("PUT", "/ledger/put", body, {"x-goog-if-generation-match": "0"})


def media(body):
    return call("POST", "/upload/storage/v1/b/ledger/o?uploadType=media&name=media&ifGenerationMatch=0", body,
                {"Content-Type": "text/plain"})


def multipart(body):
    parts = (b"--cut\r\nContent-Type: application/json\r\n\r\n" + json.dumps({"name": "multipart"}).encode()
             + b"\r\n--cut\r\nContent-Type: text/plain\r\n\r\n" + body + b"\r\n--cut--\r\n")
    return call("POST", "/upload/storage/v1/b/ledger/o?uploadType=multipart&ifGenerationMatch=0", parts,
                {"Content-Type": "multipart/related; boundary=cut"})


print("gcp-storage-emulator 2026.7.19, two creations of one object")
found = {}
try:
    for kind in (put, media, multipart):
        name = kind.__name__
        replies = [kind(b"first"), kind(b"second")]
        held = call("GET", f"/storage/v1/b/ledger/o/{name}?alt=media", None, {})[1]
        found[name] = ([status for status, _, _ in replies], held)
        print(f"  {name:9} {found[name][0]}, and the object holds {held}")
        if name == "put":
            tags = [reply.getheader("ETag") for _, _, reply in replies]
finally:
    server.stop()
print(f"  the ETags of the two PUTs: {tags}")
assert all(outcome == ([200, 200], b"second") for outcome in found.values()) and tags == [None, None]
EOS
