#!/usr/bin/env bash
# Guess: a 429 with `Retry-After: 120` makes a client wait for two minutes or give up; and the two clients that Runway publishes,
# made by one generator from one description, do the same.
#
# What happens: the Python one takes no `Retry-After` above 60 for what it says. It falls back to its own pause of half a second to
# one and sends the order again, twice, within three seconds, so a limit of two minutes costs all tries at once and ends in
# RateLimitError; 60 it obeys. The JavaScript one sleeps as long as it is told, up to days, without a word or an error.
#
# Versions: runwayml 5.24.0 (PyPI), @runwayml/sdk 4.20.1 (npm), Node.js 20.
# Source: seen here; both READMEs say that 429 is tried again twice "with a short exponential backoff". OpenAI's clients of the
# same make were changed (openai/openai-python#3555).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile runwayml==5.24.0
npm install --silent --no-audit --no-fund --no-package-lock @runwayml/sdk@4.20.1 >/dev/null
cat > order.py <<'PY'
import sys
from runwayml import RunwayML

try:
    RunwayML(api_key="none", base_url=sys.argv[1]).text_to_video.create(model="veo3.1", prompt_text="a dog runs", ratio="1280:720", duration=8)
except Exception as error:
    print(type(error).__name__)
PY
cat > order.mjs <<'JS'
import RunwayML from "@runwayml/sdk";

const client = new RunwayML({ apiKey: "none", baseURL: process.argv[2] });
try {
  await client.textToVideo.create({ model: "veo3.1", promptText: "a dog runs", ratio: "1280:720", duration: 8 });
} catch (error) {
  console.log(error.constructor.name);
}
JS
timeout 100 python3 - <<'EOF'
import http.server, subprocess, threading


class Service(http.server.BaseHTTPRequestHandler):
    """Answers each order with 429 and the pause that was asked for."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen += 1
        self.send_response(429)
        self.send_header("Retry-After", self.server.pause)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def orders(command, pause):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.seen, server.pause = 0, pause
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        heard = subprocess.run([*command, f"http://127.0.0.1:{server.server_port}"], capture_output=True, text=True, timeout=8).stdout.strip()
    except subprocess.TimeoutExpired:
        heard = "still waits after 8 s"
    server.shutdown()
    return server.seen, heard


expected = {
    "runwayml 5.24.0 (PyPI)": (["venv/bin/python", "order.py"], (1, "still waits after 8 s"), (3, "RateLimitError")),
    "@runwayml/sdk 4.20.1 (npm)": (["node", "order.mjs"], (1, "still waits after 8 s"), (1, "still waits after 8 s")),
}
print("one order, answered with 429: how often it came, and what the program heard")
for name, (command, minute, two) in expected.items():
    seen = orders(command, "60"), orders(command, "120")
    print(f"  {name}: Retry-After 60 {seen[0]}, Retry-After 120 {seen[1]}")
    assert seen == (minute, two), "this is no longer so"
EOF
