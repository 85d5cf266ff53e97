#!/usr/bin/env bash
# Guess: the maker's own client sends the order of a video once. `VideoSynthesis.async_call` only submits, the service knows no
# idempotency key, and a call that got 502 or 504 is handed back as it is.
#
# What happens: a reply that never comes is treated otherwise than one of 502: the same order is sent a second time over a new
# connection, though the server had read the first one to its end, also where no kept connection was in play. Two tasks, one id.
#
# Versions: dashscope 2.0.2 (PyPI).
# Source: seen here; the package's page names `max_retries` only for its other client.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile dashscope==2.0.2
cd "$work"
HOME=$work timeout 60 venv/bin/python - <<'EOF'
import http.server, json, logging, threading
import dashscope, importlib.metadata

logging.disable(logging.CRITICAL)


class Service(http.server.BaseHTTPRequestHandler):
    """Reads each order whole and gives it a task; the reply to the first is lost, or has the status that was asked for."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.tasks.append(order["input"]["prompt"])
        number = len(self.server.tasks)
        if number == 1 and self.server.first is None:
            self.close_connection = True
            return
        status = self.server.first if number == 1 else 200
        text = json.dumps({"request_id": "r", "output": {"task_id": f"task-{number}", "task_status": "PENDING"}})
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


print("dashscope", importlib.metadata.version("dashscope"))
for first, tasks in [(None, 2), (502, 1), (503, 1), (504, 1)]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.tasks, server.first = [], first
    threading.Thread(target=server.serve_forever, daemon=True).start()
    dashscope.base_http_api_url = f"http://127.0.0.1:{server.server_port}/api/v1"
    reply = dashscope.VideoSynthesis.async_call(api_key="none", model="wan2.2-t2v-plus", prompt="a dog runs")
    server.shutdown()
    heard = reply.output.task_id if reply.status_code == 200 else reply.status_code
    print(f"first reply {first or 'lost'}: one call, the service took {server.tasks}, the program heard {heard}")
    assert len(server.tasks) == tasks, "this is no longer so"
EOF
