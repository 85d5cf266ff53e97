#!/usr/bin/env bash
# Guess: curl sends a request again only with `--retry`, and a POST that the server has read not even then unless it is told to.
#
# What happens: a POST that goes over a kept connection, is read by the server to its end and gets no byte of an answer is sent
# again over a fresh one, by libcurl itself; if that is answered, nobody hears of the first. The first request of a connection
# isn't, and no `--retry` is set. A loop over paid calls with one handle (or one `curl` with many URLs) may so pay twice.
#
# Versions: libcurl in pycurl 7.49.0 (PyPI), and the machine's `curl`.
# Source: seen here; the manual's page on `--retry` doesn't name it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile pycurl==7.49.0
cd "$work"
timeout 60 venv/bin/python - <<'EOF'
import http.server, subprocess, threading
import pycurl


class Service(http.server.BaseHTTPRequestHandler):
    """Reads each POST whole; closes without a word on those that `lost` names by their number, and answers the others."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.server.seen.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if len(self.server.seen) in self.server.lost:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def with_pycurl(url, bodies):
    handle, heard = pycurl.Curl(), []
    handle.setopt(pycurl.URL, url)
    handle.setopt(pycurl.TIMEOUT, 10)
    for body in bodies:
        handle.setopt(pycurl.POSTFIELDS, body)
        try:
            handle.perform()
            heard.append(handle.getinfo(pycurl.RESPONSE_CODE))
        except pycurl.error as error:
            heard.append(f"error {error.args[0]}")
    return heard


def with_the_program(url, bodies):
    command = ["curl"]
    for body in bodies:
        command += ["--next"] * (len(command) > 1) + ["-s", "-m", "10", "-w", "%{http_code} ", "-d", body, url]
    return [int(code) or "error" for code in subprocess.run(command, capture_output=True, text=True).stdout.split()]


def seen(client, lost, bodies):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.seen, server.lost = [], lost
    threading.Thread(target=server.serve_forever, daemon=True).start()
    heard = client(f"http://127.0.0.1:{server.server_port}/v1/videos", bodies)
    server.shutdown()
    return server.seen, heard


print(pycurl.version.split(" zlib")[0])
print(subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout.split(" (")[0])
for client in (with_pycurl, with_the_program):
    fresh = seen(client, {1}, ["one"])
    kept = seen(client, {2}, ["one", "two"])
    print(f"{client.__name__}: the first of a connection is lost: {fresh}; the second: {kept}")
    assert fresh[0] == ["one"] and fresh[1] != [200], "this is no longer so"
    assert kept == (["one", "two", "two"], [200, 200]), "this is no longer so"
EOF
