#!/usr/bin/env bash
# Guess: an HTTP library sends a POST again at most where an idle kept connection turned out to be closed, never one that was
# sent over a connection of its own and read by the server.
#
# What happens: httplib2 tries each request twice (`RETRIES = 2`), whatever its method: a server that reads the first POST over a
# fresh connection and closes without an answer gets it a second time, and after an answered request on a kept connection likewise.
# The program hears of one failure, or, where the second is answered, of none. Google's api client for Python goes through it.
#
# Versions: httplib2 0.32.1 (PyPI); requests 2.34.2 for comparison.
# Source: httplib2/httplib2#181 (that `RETRIES` counts the first try as well).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile httplib2==0.32.1 requests==2.34.2
cd "$work"
timeout 60 venv/bin/python - <<'EOF'
import http.server, threading
import httplib2, requests


class Service(http.server.BaseHTTPRequestHandler):
    """Reads each POST whole; answers those that `lost` doesn't name by their number, and closes without a word on those."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.server.seen.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if len(self.server.seen) in self.server.lost:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def seen(client, lost, bodies):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.seen, server.lost = [], lost
    threading.Thread(target=server.serve_forever, daemon=True).start()
    heard, post = [], client()
    for body in bodies:
        try:
            heard.append(post(f"http://127.0.0.1:{server.server_port}/v1/videos", body))
        except Exception as error:
            heard.append(type(error).__name__)
    server.shutdown()
    return server.seen, heard


def with_httplib2():
    client = httplib2.Http(timeout=10)
    return lambda url, body: client.request(url, "POST", body=body)[0].status


def with_requests():
    session = requests.Session()
    return lambda url, body: session.post(url, body, timeout=10).status_code


print("httplib2", httplib2.__version__, "requests", requests.__version__)
for words, lost, bodies, expected in [
    ("a fresh connection, the first reply lost", {1}, ["one"], (["one", "one"], [200])),
    ("a fresh connection, each reply lost", {1, 2, 3, 4}, ["one"], (["one", "one"], ["RemoteDisconnected"])),
    ("a kept connection, its second reply lost", {2}, ["one", "two"], (["one", "two", "two"], [200, 200])),
]:
    found, others = seen(with_httplib2, lost, bodies), seen(with_requests, lost, bodies)
    print(f"{words}: the server read {found[0]}, the program heard {found[1]}; with requests {others[0]}, {others[1]}")
    assert found == expected and others[0] == bodies, "this is no longer so"
EOF
