#!/usr/bin/env bash
# Guess: two clients that one maker publishes for one queue agree on when a submit may be sent again, and as each submit is a
# generation that is charged, they do so rarely.
#
# What happens: with its defaults the JavaScript one sends `queue.submit` up to four times after 502, 503 and 504, answers of a
# gateway that may well have handed the first one on, and four times when the reply is lost. The Python one hands those statuses
# back at once and sends ten times when the reply is lost. No key goes along by which the service could tell that it is one.
#
# Versions: @fal-ai/client 1.10.1 (npm), fal-client 1.0.3 (PyPI), Node.js 20.
# Source: seen here; neither package's first page speaks of sending again.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile fal-client==1.0.3
npm install --silent --no-audit --no-fund --no-package-lock @fal-ai/client@1.10.1 >/dev/null
cat > submit.mjs <<'JS'
import { createFalClient } from "@fal-ai/client";

const client = createFalClient({
  credentials: "none",
  requestMiddleware: async (request) => ({ ...request, url: request.url.replace(/^https:\/\/[^/]+/, process.argv[2]) }),
});
try {
  console.log((await client.queue.submit("maker/video", { input: { prompt: "a dog runs" } })).request_id);
} catch (error) {
  console.log(error.constructor.name);
}
JS
cat > submit.py <<'PY'
import sys
import fal_client.client as module

module.QUEUE_URL_FORMAT = sys.argv[1] + "/"
module.time.sleep = lambda _: None  # its pauses add up to 40 s
try:
    print(module.SyncClient(key="none").submit("maker/video", arguments={"prompt": "a dog runs"}).request_id)
except Exception as error:
    print(type(error).__name__)
PY
timeout 110 python3 - <<'EOF'
import http.server, subprocess, threading


class Service(http.server.BaseHTTPRequestHandler):
    """Reads each submit whole; closes without a word, or answers with the status that was asked for."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((body, sorted(name.lower() for name in self.headers if "idem" in name.lower())))
        if self.server.status is None:
            self.close_connection = True
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def seen(command, status):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.seen, server.status = [], status
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ran = subprocess.run([*command, f"http://127.0.0.1:{server.server_port}"], capture_output=True, text=True)
    server.shutdown()
    assert len({body for body, _ in server.seen}) == 1 and not any(keys for _, keys in server.seen), server.seen
    return len(server.seen), ran.stdout.strip()


statuses = (500, 502, 503, 504, None)
node = {status: seen(["node", "submit.mjs"], status) for status in statuses}
python = {status: seen(["venv/bin/python", "submit.py"], status) for status in statuses}
print("one submit each; how many the service read, and what the program heard")
for status in statuses:
    print(f"  {status or 'lost reply'!s:10} @fal-ai/client 1.10.1 (npm): {node[status]}; fal-client 1.0.3 (PyPI): {python[status]}")
assert [node[status][0] for status in statuses] == [1, 4, 4, 4, 4], "this is no longer so"
assert [python[status][0] for status in statuses] == [1, 1, 1, 1, 10], "this is no longer so"
EOF
