#!/usr/bin/env bash
# Guess: a blob that Azurite has answered with 201, in a folder on disk, is there when the process is killed and started again.
#
# What happens: the bytes are on disk, but the list of blobs is held in memory and written every few seconds. What was created
# shortly before a kill is gone after the start: 404, and a second `If-None-Match: *` gets 201 as well. So of two runs that ask
# for one claim, one before and one after the kill, both have it. A test that kills the store under load finds double claims
# of which Azure itself knows nothing. What was created 10 s before the kill is kept.
#
# Versions: azurite 3.35.0 (npm), Node.js 20.
# Source: seen here; its first page speaks of the folder where it persists, not of when.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts --omit=optional azurite@3.35.0 >/dev/null
timeout 100 python3 - <<'EOF'
import base64, hashlib, hmac, http.client, os, signal, socket, subprocess, time
from email.utils import formatdate

ACCOUNT, KEY = "ledgertest", base64.b64encode(b"only for this test, on loopback")
with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]


def start():
    server = subprocess.Popen(
        ["node", "node_modules/azurite/dist/src/blob/main.js", "--blobHost", "127.0.0.1", "--blobPort", str(port), "-l", "data",
         "--silent", "--skipApiVersionCheck", "--disableTelemetry"],
        env=os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY.decode()}"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        except OSError:
            time.sleep(0.05)
    server.kill()
    raise SystemExit("it doesn't start")


def kill(server):
    server.send_signal(signal.SIGKILL)
    server.wait()


def call(method, path, body=b"", query="", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers |= {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
    ours = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-ms-"))
    resource = f"/{ACCOUNT}/{ACCOUNT}{path}" + (f"\n{query.replace('=', ':')}" if query else "")
    length = str(len(body)) if body else ""
    signed = "\n".join([method, "", "", length, "", "", "", "", "", headers.get("If-None-Match", ""), "", ""])
    signed += "\n" + ours + resource
    mark = base64.b64encode(hmac.new(base64.b64decode(KEY), signed.encode(), hashlib.sha256).digest()).decode()
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    client.request(method, f"/{ACCOUNT}{path}" + (f"?{query}" if query else ""), body or None,
                   headers | {"Authorization": f"SharedKey {ACCOUNT}:{mark}", "Content-Length": str(len(body))})
    reply = client.getresponse()
    reply.read()
    return reply.status


def claim(name, who):
    return call("PUT", f"/ledger/{name}", who, x_ms_blob_type="BlockBlob", If_None_Match="*")


server = start()
try:
    made = call("PUT", "/ledger", query="restype=container")
    old = claim("old", b"first")
    time.sleep(10)
    new, again = claim("new", b"first"), claim("new", b"second")
    kill(server)
    server = start()
    found = call("GET", "/ledger/old"), call("GET", "/ledger/new")
    second = claim("old", b"second"), claim("new", b"second")
finally:
    kill(server)
print("azurite 3.35.0: container", made)
print("created 10 s before the kill:", old, "then found:", found[0], "claimed again:", second[0])
print("created right before it:     ", new, "claimed again at once:", again, "then found:", found[1], "claimed again:", second[1])
assert (made, old, new, again) == (201, 201, 201, 409)
assert (found[0], second[0]) == (200, 409), "this is no longer so"
assert (found[1], second[1]) == (404, 201), "this is no longer so"
EOF
