#!/usr/bin/env bash
# Guess: a chunked reply whose handler fails in the middle is never ended: the last chunk is missing, and so each client sees that
# the body was cut. That is what it is for.
#
# What happens: Tornado and Sanic catch the exception, log it, and send the last chunk: the body ends in good order after half of
# it. curl exits 0. Uvicorn, given the same fault, closes the connection without the last chunk (as do gunicorn, waitress, hypercorn
# and aiohttp); Django's development server says neither a length nor "chunked", so that its early end is a good one too.
#
# Versions: tornado 6.6.1, sanic 25.12.1, uvicorn 0.54.0, Django 5.2.19.
# Source: RFC 9112, 8 (an incomplete message); tornado.web.RequestHandler._handle_request_exception calls finish() although
# the headers are out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tornado==6.6.1 sanic==25.12.1 uvicorn==0.54.0 Django==5.2.19
cd "$work"
cat > tornado_app.py <<'PY'
import asyncio, sys, tornado.web


class Video(tornado.web.RequestHandler):
    async def get(self):
        self.write(b"x" * 1000)
        await self.flush()
        raise OSError("the disk behind it is gone")


async def main():
    tornado.web.Application([("/", Video)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
PY
cat > sanic_app.py <<'PY'
import sys
from sanic import Sanic

app = Sanic("videos")


@app.get("/")
async def video(request):
    reply = await request.respond(content_type="video/mp4")
    await reply.send(b"x" * 1000)
    raise OSError("the disk behind it is gone")


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), single_process=True, access_log=False, motd=False)
PY
cat > uvicorn_app.py <<'PY'
import sys, uvicorn


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"video/mp4")]})
    await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": True})
    raise OSError("the disk behind it is gone")


uvicorn.run(app, port=int(sys.argv[1]), lifespan="off")
PY
cat > django_app.py <<'PY'
import sys
from django.conf import settings
from django.core.servers.basehttp import run


def app(environ, start):
    def body():
        yield b"x" * 1000
        raise OSError("the disk behind it is gone")

    start("200 OK", [("Content-Type", "video/mp4")])
    return body()


settings.configure()
run("127.0.0.1", int(sys.argv[1]), app)
PY
timeout 120 python3 - <<'PY'
import socket, subprocess, time


def seen(name):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = subprocess.Popen(["venv/bin/python", f"{name}_app.py", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                connection = socket.create_connection(("127.0.0.1", port), 5)
                break
            except OSError:
                time.sleep(0.1)
        connection.settimeout(3)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        reply = b""
        try:
            while part := connection.recv(65536):
                reply += part
        except TimeoutError:
            pass  # it is kept open for the next request: the reply has ended
        assert b"x" * 1000 in reply, reply
        curl = subprocess.run(["curl", "-s", "-m", "5", "-o", "/dev/null", f"http://127.0.0.1:{port}/"]).returncode
        return "chunked" in reply.decode("latin-1").lower(), reply.endswith(b"0\r\n\r\n"), curl
    finally:
        server.kill()
        server.wait()


found = {name: seen(name) for name in ("tornado", "sanic", "uvicorn", "django")}
for name, (chunked, ended, curl) in found.items():
    print(f"{name:8} chunked: {chunked!s:5} last chunk after the failure: {ended!s:5} curl exits {curl}")
assert found["tornado"] == found["sanic"] == (True, True, 0)
assert found["uvicorn"][:2] == (True, False) and found["uvicorn"][2] != 0
assert found["django"] == (False, False, 0)
PY
