#!/usr/bin/env bash
# Guess: a client that sends a POST once when the answer is 500 or 503 (the service says that it failed) is no less careful when
# the connection ends after the POST and nobody can tell what became of it.
#
# What happens: Replicate's client for Node.js hands each 5xx of `predictions.create` back at once, and sends it up to five more
# times when the reply is lost. A lost reply is the one case in which the first may be running, and be paid for, already. Its
# Python client sends once in both cases.
#
# Versions: replicate 1.4.0 (npm), replicate 1.0.7 (PyPI), Node.js 20.
# Source: seen here; the comment in its code names statuses alone: other methods than GET are sent again after a 429 only.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile replicate==1.0.7
npm install --silent --no-audit --no-fund --no-package-lock replicate@1.4.0 >/dev/null
cat > order.mjs <<'JS'
import Replicate from "replicate";

const replicate = new Replicate({ auth: "none", baseUrl: process.argv[2] });
try {
  console.log((await replicate.predictions.create({ model: "maker/video", input: { prompt: "a dog runs" } })).id);
} catch (error) {
  console.log(error.constructor.name);
}
JS
cat > order.py <<'PY'
import sys, replicate

try:
    client = replicate.Client(api_token="none", base_url=sys.argv[1])
    print(client.predictions.create(model="maker/video", input={"prompt": "a dog runs"}).id)
except Exception as error:
    print(type(error).__name__)
PY
timeout 60 python3 - <<'EOF'
import http.server, subprocess, threading


class Service(http.server.BaseHTTPRequestHandler):
    """Reads each order whole; closes without a word, or answers with the status that was asked for."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.orders += 1
        if self.server.status is None:
            self.close_connection = True
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def seen(command, status):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.orders, server.status = 0, status
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ran = subprocess.run([*command, f"http://127.0.0.1:{server.server_port}"], capture_output=True, text=True)
    server.shutdown()
    return server.orders, ran.stdout.strip()


statuses = (500, 502, 503, 504, None)
node = {status: seen(["node", "order.mjs"], status) for status in statuses}
python = {status: seen(["venv/bin/python", "order.py"], status) for status in statuses}
print("one predictions.create each; orders that the service read, and what the program heard")
for status in statuses:
    print(f"  {status or 'lost reply'!s:10} replicate 1.4.0 (npm): {node[status]}; replicate 1.0.7 (PyPI): {python[status]}")
assert [node[status][0] for status in statuses] == [1, 1, 1, 1, 6], "this is no longer so"
assert [python[status][0] for status in statuses] == [1] * 5, "this is no longer so"
EOF
