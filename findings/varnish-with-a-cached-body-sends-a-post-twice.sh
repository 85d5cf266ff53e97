#!/usr/bin/env bash
# Guess: Varnish sends a POST that it passes on once. `std.cache_req_body` only reads the body into memory first, so that the
# configuration can look at it; without `return (retry)` or `return (restart)` nothing is sent again.
#
# What happens: where the backend closes a kept connection after it took the POST, Varnish sends the same POST again over a
# fresh one, by itself, and the client gets one 200. Without `std.cache_req_body` the same ends as a 503.
#
# Versions: Varnish 7.1.1 (Debian 12).
# Source: seen here; the manual's pages on `std.cache_req_body` and on retries don't name it.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
version=7.1.1-2+deb12u1
(cd "$work" && apt-get -qq download "varnish=$version" "libvarnishapi3=$version" libjemalloc2 2>/dev/null &&
    for package in *.deb; do dpkg -x "$package" "$work/varnish"; done)
export LD_LIBRARY_PATH=$work/varnish/usr/lib/x86_64-linux-gnu:$work/varnish/usr/lib/x86_64-linux-gnu/varnish
command -v gcc >/dev/null || { echo "varnishd compiles its configuration: a C compiler is needed" >&2; exit 2; }
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


def varnish(recv, upstream):
    port = free_port()
    (work / "vcl").write_text(f"""vcl 4.1;
import std;
backend service {{ .host = "127.0.0.1"; .port = "{upstream}"; }}
sub vcl_recv {{ {recv} }}
""")
    program = work / "varnish/usr/sbin/varnishd"
    print(subprocess.run([program, "-V"], capture_output=True, text=True).stderr.splitlines()[0])
    modules = work / "varnish/usr/lib/x86_64-linux-gnu/varnish/vmods"
    return start([program, "-F", "-n", work / "state", "-a", f"127.0.0.1:{port}", "-f", work / "vcl", "-s", "malloc,16m",
                  "-p", f"vmod_path={modules}"], port), port



for recv, expected, read in [
    ("std.cache_req_body(100KB); return (pass);", [200, 200], ["first", "second", "second"]),
    ("return (pass);", [200, 503], ["first", "second"]),
]:
    upstream = Upstream(lambda n: None if n == 2 else ok("taken"))
    process, port = varnish(recv, upstream.port)
    try:
        statuses = [post(port, body)[0] for body in ["first", "second"]]
    finally:
        process.terminate()
        process.wait()
    print(f"{recv:45} the client heard {statuses}, the backend read", [body for _, body in upstream.seen])
    if (statuses, [body for _, body in upstream.seen]) != (expected, read):
        sys.exit("this is no longer so")
EOF
