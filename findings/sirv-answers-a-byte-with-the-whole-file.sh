#!/usr/bin/env bash
# Guess: `Range: bytes=0-0` is the cheap way to a file's length: a server that knows ranges answers with 206, one byte, and the
# length behind the slash. So it is used where HEAD is refused.
#
# What happens: sirv, the file server in Vite's preview and in SvelteKit, takes the end 0 for a missing one and sends the whole
# file, with 206 and `Content-Range: bytes 0-(n-1)/n`. `bytes=0-1` gets its two bytes. Each look at a video of a gigabyte costs a
# gigabyte, and a client that takes each 206 for the part that it asked for has a byte too many, or all of them.
#
# Versions: sirv 3.0.2 (npm), Node.js 20.
# Source: seen here; RFC 9110, 14.1.2: both ends of a range count.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --no-package-lock sirv@3.0.2 >/dev/null
mkdir files
head -c 100000 /dev/zero > files/a.mp4
cat > serve.mjs <<'JS'
import http from "node:http";
import sirv from "sirv";

const server = http.createServer(sirv("files"));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
JS
timeout 60 python3 - <<'EOF'
import http.client, json, subprocess

server = subprocess.Popen(["node", "serve.mjs"], stdout=subprocess.PIPE, text=True)
try:
    port = int(server.stdout.readline())

    def get(wanted):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        client.request("GET", "/a.mp4", headers={"Range": f"bytes={wanted}"})
        reply = client.getresponse()
        return reply.status, reply.headers["Content-Range"], len(reply.read())

    found = {wanted: get(wanted) for wanted in ("0-0", "0-1", "1-1", "99999-")}
finally:
    server.kill()
    server.wait()
print("sirv", json.load(open("node_modules/sirv/package.json"))["version"])
for wanted, came in found.items():
    print(f"  bytes={wanted:7} {came}")
assert found == {
    "0-0": (206, "bytes 0-99999/100000", 100000),
    "0-1": (206, "bytes 0-1/100000", 2),
    "1-1": (206, "bytes 1-1/100000", 1),
    "99999-": (206, "bytes 99999-99999/100000", 1),
}, "this is no longer so"
EOF
