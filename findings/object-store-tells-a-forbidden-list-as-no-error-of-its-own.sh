#!/usr/bin/env bash
# Guess: a 403 is the same error for every call: who may not read, write or list is told PermissionDenied, and what is worth trying
# again is told apart from what a person must change.
#
# What happens: object_store tells a 403 (and a 401 and a 404) to a list as Generic, like a reply that was lost; of a get and a put
# it makes PermissionDenied, Unauthenticated and NotFound. Only the error's text has the status.
#
# Versions: object_store 0.14 in obstore 0.12.1 (PyPI).
# Source: seen here; the crate's documentation of Error::PermissionDenied names no exception.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check obstore==0.12.1
cd "$work"
timeout 60 venv/bin/python - <<'PYTHON'
import http.server, threading
import obstore
from obstore.store import S3Store


class Store(http.server.BaseHTTPRequestHandler):
    """Answers every call with the same status."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        text = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = answer

    def log_message(self, *_):
        pass


print("obstore", obstore.__version__)
for status, word in [(403, "PermissionDeniedError"), (401, "UnauthenticatedError"), (404, "FileNotFoundError")]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    server.status = status
    threading.Thread(target=server.serve_forever, daemon=True).start()
    store = S3Store("ledger", endpoint=f"http://127.0.0.1:{server.server_port}", access_key_id="a", secret_access_key="b",
                    region="us-east-1", client_options={"allow_http": True}, retry_config={"max_retries": 0})
    heard = {}
    for name, call in [("get", lambda: obstore.get(store, "p/1")), ("put", lambda: obstore.put(store, "p/1", b"x")),
                       ("list", lambda: obstore.list(store, "p").collect())]:
        try:
            call()
            heard[name] = "nothing"
        except Exception as error:
            heard[name] = type(error).__name__
    server.shutdown()
    print(status, heard)
    assert heard["get"] == heard["put"] == word and heard["list"] not in (word, "nothing"), "this is no longer so"
PYTHON
