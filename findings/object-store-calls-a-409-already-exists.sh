#!/usr/bin/env bash
# Guess: `AlreadyExists` from a create-if-absent means that the object exists: it can be read, and whoever made it has won.
#
# What happens: S3 has two ways to refuse a conditional PUT. 412 says that the object is there; 409 (ConditionalRequestConflict)
# that something else was under way and that one may send it again: nothing need be there. object_store makes `AlreadyExists` of
# both for a create, at once. Of a swap it sends the 409 again by itself. Two makers that both hear it take each other for the
# winner, and nobody does the work.
#
# Versions: object_store 0.14 in obstore 0.12.1 (PyPI).
# Source: apache/arrow-rs-object-store#852 (open); Amazon S3, "Conditional writes", says what a 409 is.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check obstore==0.12.1
cd "$work"
timeout 60 venv/bin/python - <<'EOF'
import http.server, threading
import obstore
from obstore.store import S3Store


class Store(http.server.BaseHTTPRequestHandler):
    """Has nothing, answers the first PUT with 409 and stores the next."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.puts += 1
        self.say(*((409, "ConditionalRequestConflict") if self.server.puts == 1 else (200, "")))

    def do_GET(self):
        self.say(404, "NoSuchKey")

    def say(self, status, code):
        text = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>no</Message></Error>' if code else ""
        self.send_response(status)
        self.send_header("ETag", '"new"')
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def seen(mode):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    server.puts = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    store = S3Store("ledger", endpoint=f"http://127.0.0.1:{server.server_port}", access_key_id="a", secret_access_key="b",
                    region="us-east-1", client_options={"allow_http": True})
    try:
        obstore.put(store, "p/1", b"mine", mode=mode)
        came = "stored"
    except Exception as error:
        came = type(error).__name__
    there = "found"
    if came != "stored":
        try:
            obstore.get(store, "p/1")
        except FileNotFoundError:
            there = "nothing there"
    server.shutdown()
    return came, server.puts, there


create, swap = seen("create"), seen({"e_tag": '"old"'})
print("obstore", obstore.__version__)
print("create, 409:", *create)
print("swap, 409:  ", *swap)
assert create == ("AlreadyExistsError", 1, "nothing there"), "this is no longer so"
assert swap == ("stored", 2, "found"), "this is no longer so"
EOF
