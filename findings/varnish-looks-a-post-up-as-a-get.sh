#!/usr/bin/env bash
# Guess: a cache that is told to look every request up (`return (hash)`) still hands a POST on as a POST where it has nothing
# for it.
#
# What happens: the backend gets a GET of the same path, without a body, and the answer is kept: the next POST, with another
# body, gets it as well. A service that answers such a GET with 200 seems to take jobs that it never saw.
#
# Versions: Varnish 7.1.1 (Debian 12).
# Source: seen here; the built-in configuration passes all but GET and HEAD, so it happens where `vcl_recv` returns first.
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


upstream = Upstream(lambda n: ok(f"answer {n}"))
process, port = varnish("return (hash);", upstream.port)
try:
    answers = [post(port, body)[:2] for body in ["a dog", "a cat"]]
finally:
    process.terminate()
    process.wait()
print("the answers to two different POSTs:", answers)
print("the backend read", upstream.seen)
sys.exit(0 if answers == [(200, "answer 1")] * 2 and upstream.seen == [("GET", "")] else "this is no longer so")
EOF
