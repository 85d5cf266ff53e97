#!/usr/bin/env bash
# Guess: 416 to a request for the rest of a file means that there is no rest: it is here, whole.
#
# What happens: WhiteNoise takes a range that is one byte long for an empty one. `bytes=0-0`, with which one asks for the length,
# and `bytes=N-`, where N is all but one byte, get 416. A download that broke one byte before its end can't be gone on with, and
# whoever takes 416 for "nothing is left" keeps a file that lacks its last byte. From two bytes on all is right.
#
# Versions: whitenoise 6.12.0 (PyPI); Falcon 4.4.0's static route for comparison.
# Source: RFC 9110, 14.1.2: both ends of a range count, so that 0-0 is the first byte.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile whitenoise==6.12.0 falcon==4.4.0
cd "$work"
mkdir files
timeout 60 venv/bin/python - <<'EOF'
import http.client, threading, wsgiref.simple_server
import falcon, whitenoise

SIZE = 1000
with open("files/a.mp4", "wb") as file:
    file.write(bytes(range(250)) * 4)


class Silent(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_):
        pass


def nothing(environ, start):
    start("404 Not Found", [])
    return []


def answers(app, ranges):
    server = wsgiref.simple_server.make_server("127.0.0.1", 0, app, handler_class=Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found = []
    for wanted in ranges:
        client = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        client.request("GET", "/a.mp4", headers={"Range": f"bytes={wanted}"})
        reply = client.getresponse()
        found.append((reply.status, reply.headers["Content-Range"], len(reply.read())))
    server.shutdown()
    return found


ranges = ["0-0", f"{SIZE - 1}-", f"{SIZE - 2}-", "0-1", f"{SIZE}-"]
static = falcon.App()
static.add_static_route("/", __import__("os").path.abspath("files"))
noise = answers(whitenoise.WhiteNoise(nothing, root="files"), ranges)
other = answers(static, ranges)
print("whitenoise 6.12.0 and falcon 4.4.0, a file of", SIZE, "bytes")
for wanted, ours, theirs in zip(ranges, noise, other):
    print(f"  bytes={wanted:5} whitenoise {ours}, falcon {theirs}")
assert [status for status, *_ in noise] == [416, 416, 206, 206, 416], "this is no longer so"
assert [status for status, *_ in other] == [206, 206, 206, 206, 416], "this is no longer so"
EOF
