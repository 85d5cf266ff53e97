#!/usr/bin/env bash
# Guess: where a server's ETag is a hash of the content, a part that comes with the same strong ETag belongs to the same content;
# RFC 9110 (15.3.7.3) lets a client join the two by it.
#
# What happens: Tornado's StaticFileHandler hashes a file once in the life of the process and keeps that hash by its path. A file
# that is replaced is served under the SHA-512 of the former one, with the new date; `If-Range` with the former tag isn't looked
# at, and gets 206 with the new file's bytes under the old file's tag. A client that joins parts by the tag makes a file that never
# was. Only Last-Modified tells.
#
# Versions: tornado 6.6.1.
# Source: tornado.web.StaticFileHandler.compute_etag and get_content_version (the cache `_static_hashes`; `reset` empties it).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tornado==6.6.1
cd "$work"
mkdir files
cat > serve.py <<'PY'
import asyncio, sys, tornado.httpserver, tornado.netutil, tornado.web


async def main():
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    server = tornado.httpserver.HTTPServer(
        tornado.web.Application([("/(.*)", tornado.web.StaticFileHandler, {"path": "files"})])
    )
    server.add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
PY
timeout 60 python3 - <<'PY'
import hashlib, http.client, os, subprocess


def put(letter, time):
    with open("files/new", "wb") as file:
        file.write(letter * 1000)
    os.utime("files/new", (time, time))
    os.rename("files/new", "files/a.mp4")


put(b"1", 1_700_000_000)
server = subprocess.Popen(["venv/bin/python", "serve.py"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
try:
    port = int(server.stdout.readline())

    def get(**headers):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/a.mp4", headers={name.replace("_", "-"): value for name, value in headers.items()})
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()

    _, first, body = get()
    put(b"2", 1_700_000_060)
    status, second, rest = get(Range="bytes=500-", If_Range=first["ETag"])
    print("tornado 6.6.1")
    print("first: ", first["ETag"][:20] + "…", first["Last-Modified"], body[:3])
    print("then:  ", status, second["ETag"][:20] + "…", second["Last-Modified"], second["Content-Range"], rest[:3])
    assert first["ETag"] == f'"{hashlib.sha512(body).hexdigest()}"', "it is the hash of the first content"
    assert (status, second["ETag"], rest) == (206, first["ETag"], b"2" * 500), "the second has the first one's tag"
    assert first["Last-Modified"] != second["Last-Modified"]
finally:
    server.kill()
    server.wait()
PY
