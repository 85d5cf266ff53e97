#!/usr/bin/env bash
# Guess: 500 with a JSON object that has `code` and `message` is the word of the service behind a gateway; a gateway that lost
# its server says 502, 503 or 504.
#
# What happens: @fastify/http-proxy answers 500 with `{"statusCode":500,"code":"UND_ERR_SOCKET","error":…,"message":…}` of a POST
# that the server read to its end before it died. Only the kind of `code` (a word, not a number) and the missing fields of the
# service tell that it isn't the service which failed.
#
# Versions: fastify 5.12.8, @fastify/http-proxy 11.6.3 (npm), Node.js 20.
# Source: seen here; @fastify/reply-from names 502, 503 and 504 for other errors.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm install --silent --no-audit --no-fund --no-package-lock fastify@5.12.8 @fastify/http-proxy@11.6.3 >/dev/null)
timeout 120 python3 - "$work" <<'EOF'
import http.client, pathlib, socket, subprocess, sys, threading, time

work = pathlib.Path(sys.argv[1])


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Upstream:
    """Reads each request whole, notes it, then does what `answer(n)` says of the n-th: None closes the connection."""

    def __init__(self, answer):
        self.answer, self.seen = answer, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        stream = connection.makefile("rb")
        while line := stream.readline().decode().strip():
            length = 0
            while header := stream.readline().decode().strip():
                if header.lower().startswith("content-length:"):
                    length = int(header.split(":")[1])
            try:
                body = stream.read(length).decode()
            except OSError:
                body = ""
            self.seen.append((line.split()[0], body))
            answer = self.answer(len(self.seen))
            if answer is None:
                connection.shutdown(socket.SHUT_RDWR)
                return
            try:
                connection.sendall(answer)
            except OSError:
                return


def ok(text):
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


def start(command, port):
    process = subprocess.Popen(command, cwd=work, stdout=subprocess.DEVNULL, stderr=(work / "log").open("w"))
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            time.sleep(0.05)
    process.kill()
    sys.exit("it doesn't start: " + (work / "log").read_text())


def post(port, body):
    began = time.monotonic()
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("POST", "/v1/videos/generations", body)
    reply = client.getresponse()
    text = reply.read().decode()
    return reply.status, text, time.monotonic() - began


upstream, port = Upstream(lambda n: None), free_port()
(work / "gateway.js").write_text(f"""
const gateway = require("fastify")();
gateway.register(require("@fastify/http-proxy"), {{ upstream: "http://127.0.0.1:{upstream.port}" }});
gateway.listen({{ port: {port}, host: "127.0.0.1" }});
""")
process = start(["node", "gateway.js"], port)
try:
    status, text, _ = post(port, "one generation")
finally:
    process.kill()
print("the client heard", status, text)
print("the server read", upstream.seen)
told = '"code":"UND_ERR_SOCKET"' in text and '"message":' in text
sys.exit(0 if status == 500 and told and upstream.seen == [("POST", "one generation")] else "this is no longer so")
EOF
