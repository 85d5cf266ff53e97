#!/usr/bin/env bash
# Guess: a create-if-absent isn't sent again by the library: sent twice, the second would be refused because of the first. So
# `AlreadyExists` means that somebody else was there before.
#
# What happens: object_store sends a PUT with `If-None-Match: *` (and a swap with `If-Match`) again like any other PUT, when the
# reply is lost and when it is a 500 or a 503. If the first had been stored, the second gets 412, and the caller hears
# `AlreadyExists` (`Precondition` of a swap) of an object that it has just written itself. Only reading it back tells.
#
# Versions: object_store 0.14 in obstore 0.12.1 (PyPI).
# Source: seen here; the crate's documentation of PutMode::Create says that an object exists already, not whose.
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

ERROR = '<?xml version="1.0"?><Error><Code>{}</Code><Message>no</Message></Error>'


class Store(http.server.BaseHTTPRequestHandler):
    """Stores the first PUT whatever its condition, then answers as it was told; refuses each later one with 412."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append({name: self.headers[name] for name in ("If-None-Match", "If-Match") if name in self.headers})
        if self.server.stored is not None:
            return self.say(412, ERROR.format("PreconditionFailed"))
        self.server.stored = body
        if self.server.first is None:
            self.close_connection = True  # the reply is lost
        else:
            self.say(self.server.first, ERROR.format("InternalError"))

    def do_GET(self):
        self.say(200, self.server.stored.decode())

    def say(self, status, text):
        self.send_response(status)
        self.send_header("ETag", '"new"')
        self.send_header("Last-Modified", "Tue, 01 Dec 2026 08:00:00 GMT")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


print("obstore", obstore.__version__)
for mode, words in [("create", "AlreadyExistsError"), ({"e_tag": '"old"'}, "PreconditionError")]:
    for first in (None, 500, 503):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
        server.first, server.stored, server.seen = first, None, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store = S3Store("ledger", endpoint=f"http://127.0.0.1:{server.server_port}", access_key_id="a", secret_access_key="b",
                        region="us-east-1", client_options={"allow_http": True})
        try:
            obstore.put(store, "p/1", b"mine", mode=mode)
            came = "stored"
        except Exception as error:
            came = type(error).__name__
        there = bytes(obstore.get(store, "p/1").bytes())
        server.shutdown()
        print(f"{mode!s:20} first answer {first or 'lost'}: sent {server.seen}, heard {came}, and there is {there}")
        assert came == words and there == b"mine" and len(server.seen) == 2, "this is no longer so"
EOF
