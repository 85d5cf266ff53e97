#!/usr/bin/env bash
# Guess: google-genai sends `generate_videos` (Veo) once, whatever happens, since it repeats nothing unless `retry_options` are
# given; and whether it does can't depend on what else is installed.
#
# What happens: `client.aio` uses aiohttp if that can be imported, httpx otherwise. With aiohttp, an order that the service read
# and whose answer is lost is sent once more after 1 to 10 seconds, without a key and without a word. With httpx, or without
# `aio`, it goes out once. So `pip install` of any package that needs aiohttp makes a program order twice that didn't before, and
# giving `retry_options` with `attempts=1` ends it.
#
# Versions: google-genai 3.3.0, aiohttp 3.14.5 (PyPI).
# Source: seen here; the package's page tells of aiohttp as the faster way, and of retries as `retry_options`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
pip=(venv/bin/pip install --quiet --disable-pip-version-check --no-compile)
"${pip[@]}" google-genai==3.3.0
cat > generate.py <<'PY'
import asyncio, http.server, importlib.util, sys, threading
from google import genai
from google.genai import _api_client, types

_api_client.random.randint = lambda low, _: low  # the pause before the second order: 1 s


class Service(http.server.BaseHTTPRequestHandler):
    """Reads each order whole and closes without an answer."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.server.seen.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.keys += sum("idem" in name.lower() or "request-id" in name.lower() for name in self.headers)
        self.close_connection = True

    def log_message(self, *_):
        pass


def orders(way, **options):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.seen, server.keys = [], 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = genai.Client(vertexai=True, api_key="none", http_options=types.HttpOptions(base_url=f"http://127.0.0.1:{server.server_port}", **options))
    order = dict(model="veo-3.0-generate-001", source=types.GenerateVideosSource(prompt="a dog runs"))

    async def later():
        await client.aio.models.generate_videos(**order)

    try:
        asyncio.run(later()) if way == "aio" else client.models.generate_videos(**order)
    except Exception as error:
        heard = type(error).__name__
    server.shutdown()
    assert len(set(server.seen)) == 1 and server.keys == 0, server.seen
    return len(server.seen), heard


aiohttp = importlib.util.find_spec("aiohttp") is not None
seen = [orders("plain"), orders("aio"), orders("aio", retry_options=types.HttpRetryOptions(attempts=1))]
print("google-genai", genai.__version__, "with" if aiohttp else "without", "aiohttp; one order each, the answer lost; how many came:")
print("  client.models", seen[0], " client.aio.models", seen[1], " the same with attempts=1", seen[2])
assert [count for count, _ in seen] == [1, 2 if aiohttp else 1, 1], "this is no longer so"
PY
timeout 60 venv/bin/python generate.py
"${pip[@]}" aiohttp==3.14.5
timeout 60 venv/bin/python generate.py
