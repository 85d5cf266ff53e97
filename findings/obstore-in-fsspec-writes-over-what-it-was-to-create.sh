#!/usr/bin/env bash
# Guess: `pipe_file(path, data, mode="create")` of fsspec fails where something is there already, as it does for a folder on disk;
# of all backends the one over object_store, whose own `put` knows create-if-absent, keeps to it.
#
# What happens: obstore's file system for fsspec takes the word and drops it. The PUT goes out without `If-None-Match`, and what
# was there is replaced, without an error or a warning; on a local folder too. `obstore.put(…, mode="create")` on the same store
# raises. A claim that is written the portable way is everybody's.
#
# Versions: obstore 0.12.1, fsspec 2026.9.0 (PyPI).
# Source: fsspec's AbstractFileSystem.pipe_file names the two modes; obstore.fsspec hands none on.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile obstore==0.12.1 fsspec==2026.9.0
cd "$work"
timeout 60 venv/bin/python - <<'EOF'
import http.server, threading, warnings
import fsspec, obstore
from fsspec.implementations.local import LocalFileSystem
from obstore.fsspec import FsspecStore
from obstore.store import LocalStore

warnings.simplefilter("error")


class Store(http.server.BaseHTTPRequestHandler):
    """Keeps what the conditions of the PUTs were."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.conditions.append(self.headers["If-None-Match"])
        self.send_response(200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def twice(create):
    heard = []
    for data in (b"first", b"second"):
        try:
            create(data)
            heard.append("stored")
        except FileExistsError:
            heard.append("there already")
        except obstore.exceptions.AlreadyExistsError:
            heard.append("there already")
    return heard


print("obstore", obstore.__version__, "fsspec", fsspec.__version__)
own, theirs = f"{__import__('os').getcwd()}/own", f"{__import__('os').getcwd()}/theirs"
plain = twice(lambda data: LocalFileSystem().pipe_file(own, data, mode="create"))
portable = twice(lambda data: FsspecStore("file").pipe_file("file://" + theirs, data, mode="create"))
native = twice(lambda data: obstore.put(LocalStore("."), "native", data, mode="create"))
for words, came, name in [("fsspec's own local files", plain, own), ("obstore in fsspec", portable, theirs), ("obstore.put", native, "native")]:
    with open(name, "rb") as file:
        print(f"  {words:25} {came}, and there is {file.read()}")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
server.conditions = []
threading.Thread(target=server.serve_forever, daemon=True).start()
bucket = FsspecStore("s3", endpoint=f"http://127.0.0.1:{server.server_port}", access_key_id="a", secret_access_key="b",
                     region="us-east-1", client_options={"allow_http": True})
bucket.pipe_file("s3://ledger/p/1", b"mine", mode="create")
server.shutdown()
print("  the condition of a PUT to a bucket:", server.conditions)
assert plain == native == ["stored", "there already"], "this is no longer so"
assert portable == ["stored", "stored"] and server.conditions == [None], "this is no longer so"
EOF
