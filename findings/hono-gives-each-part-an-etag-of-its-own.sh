#!/usr/bin/env bash
# Guess: the parts of one file carry the ETag of that file; a client that compares the tag of a 206 with the one of the first
# reply goes on if they are equal, and begins anew if the file has changed in between.
#
# What happens: Hono's `etag` middleware hashes the body that goes out. Over `serveStatic` of @hono/node-server, which answers
# ranges, each part so has a strong ETag of its own, and the file looks changed each time; a careful client never gets beyond its
# first break. A careless one isn't safe either: `If-Range` isn't looked at, and the part of a replaced file is sent with 206.
#
# Versions: hono 4.13.19, @hono/node-server 2.1.9 (npm), Node.js 20.
# Source: RFC 9110, 15.3.7: a 206 carries the ETag that a 200 to the same request would have had.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --no-package-lock hono@4.13.19 @hono/node-server@2.1.9 >/dev/null
mkdir files
cat > serve.mjs <<'JS'
import { Hono } from "hono";
import { etag } from "hono/etag";
import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";

const app = new Hono();
app.use(etag());
app.use("/*", serveStatic({ root: "./files" }));
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => console.log(port));
JS
timeout 60 python3 - <<'EOF'
import http.client, os, subprocess


def put(letter):
    with open("files/new", "wb") as file:
        file.write(letter * 1000)
    os.rename("files/new", "files/a.mp4")


put(b"1")
server = subprocess.Popen(["node", "serve.mjs"], stdout=subprocess.PIPE, text=True)
try:
    port = int(server.stdout.readline())

    def get(**headers):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        client.request("GET", "/a.mp4", headers={name.replace("_", "-"): value for name, value in headers.items()})
        reply = client.getresponse()
        return reply.status, reply.headers["ETag"], reply.headers["Content-Range"], reply.read()

    whole, again = get(), get()
    parts = [get(Range=f"bytes={start}-", If_Range=whole[1]) for start in (400, 500)]
    put(b"2")
    replaced = get(Range="bytes=500-", If_Range=whole[1])
finally:
    server.kill()
    server.wait()
for words, (status, tag, place, body) in [("whole", whole), ("whole again", again), ("from 400", parts[0]),
                                          ("from 500", parts[1]), ("replaced", replaced)]:
    print(f"{words:12} {status} {tag[:12]}… {place or '':19} {body[:1]} x {len(body)}")
tags = {whole[1], parts[0][1], parts[1][1]}
assert whole[1] == again[1] and [part[0] for part in parts] == [206, 206] and len(tags) == 3, "this is no longer so"
assert replaced[0] == 206 and replaced[3] == b"2" * 500, "this is no longer so"
EOF
