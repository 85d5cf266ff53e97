#!/usr/bin/env bash
# Guess: the request id that Volcengine's client for Ark (Seedance) makes itself, sends along and names in its errors stands for one
# call: by it the service can tell that an order comes again, and a person can ask what became of it.
#
# What happens: an order whose answer is lost, or is 502 or 504, goes out three times within seconds, each time under a new
# `X-Client-Request-Id`. For the service they are three orders; the error names the last id alone, so the two before, which may
# be paid for as well, can't be looked up. An id of one's own in `extra_headers` is the same in all three, and in the error.
#
# Versions: volcengine-ark-runtime 5.0.54 (PyPI).
# Source: seen here.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile volcengine-ark-runtime==5.0.54
timeout 100 venv/bin/python - <<'EOF'
import http.server, importlib.metadata, threading
from volcenginesdkarkruntime import Ark


class Service(http.server.BaseHTTPRequestHandler):
    """Reads each order whole; closes without a word, or answers with the status that was asked for."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((body, self.headers["X-Client-Request-Id"]))
        if self.server.status is None:
            self.close_connection = True
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def order(status, **options):
    """How many orders came of one, under how many ids, and which of the ids the error names."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.seen, server.status = [], status
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = Ark(api_key="none", base_url=f"http://127.0.0.1:{server.server_port}")
    try:
        client.content_generation.tasks.create(model="doubao-seedance-1-0-pro", content=[{"type": "text", "text": "a dog runs"}], **options)
    except Exception as error:
        text = str(error)
    server.shutdown()
    assert len({body for body, _ in server.seen}) == 1, server.seen
    ids = [each for _, each in server.seen]
    return len(ids), len(set(ids)), [number for number, each in enumerate(ids, 1) if each in text]


print("volcengine-ark-runtime", importlib.metadata.version("volcengine-ark-runtime"))
for status in (None, 502, 504):
    seen = order(status)
    print(f"  {status or 'lost answer'}: {seen[0]} orders under {seen[1]} ids; the error names that of number {seen[2]}")
    assert seen == (3, 3, [3]), "this is no longer so"
own = order(None, extra_headers={"X-Client-Request-Id": "order-1"})
print(f"  lost answer, own id: {own[0]} orders under {own[1]} id; the error names it: {'yes' if own[2] else 'no'}")
assert own == (3, 1, [1, 2, 3]), "this is no longer so"
EOF
