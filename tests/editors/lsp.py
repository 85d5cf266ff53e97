"""A client of the Language Server Protocol, as small as an editor's can be: over the server's standard input and output."""

import json
import os
import queue
import subprocess
import threading
import time
from pathlib import Path

# How long a server may take for an answer.
PATIENCE = 60


class Server:
    """A language server in a process of its own, which ends with the `with` block."""

    def __init__(self, command, folder, settings):
        self.settings = settings
        self.diagnostics = {}
        self._last_word = time.monotonic()
        self._replies = {}
        self._numbers = iter(range(1, 1_000_000))
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        threading.Thread(target=self._read, daemon=True).start()
        capabilities = {
            "textDocument": {
                "publishDiagnostics": {"relatedInformation": True},
                "hover": {"contentFormat": ["markdown", "plaintext"]},
                "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
            },
            "workspace": {"configuration": True, "workspaceFolders": True},
        }
        uri = Path(folder).as_uri()
        self.ask("initialize", {
            "processId": os.getpid(),
            "rootUri": uri,
            "workspaceFolders": [{"uri": uri, "name": "project"}],
            "capabilities": capabilities,
        })
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": settings})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()

    def open(self, path, language, text):
        """Opens a document, as an editor does that has this text in its buffer."""
        document = {"uri": path.as_uri(), "languageId": language, "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        return document["uri"]

    def ask(self, method, parameters):
        """The server's answer to a request."""
        number = next(self._numbers)
        reply = self._replies[number] = queue.Queue()
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": parameters})
        try:
            message = reply.get(timeout=PATIENCE)
        except queue.Empty:
            raise SystemExit(f"no answer to {method} within {PATIENCE} s (exit code {self._process.poll()})") from None
        if "error" in message:
            raise SystemExit(f"{method}: {message['error']}")
        return message["result"]

    def await_diagnostics(self, uri):
        """Waits for the first diagnostics of a document, none or some."""
        self._wait(lambda: uri in self.diagnostics, f"no diagnostics of {uri}")

    def settle(self, quiet):
        """Waits until the server has said nothing for `quiet` seconds: what it said before is all that it says."""
        self._wait(lambda: time.monotonic() - self._last_word > quiet, "the server never stops")

    def _wait(self, so, complaint):
        deadline = time.monotonic() + PATIENCE
        while not so():
            if time.monotonic() > deadline:
                raise SystemExit(f"{complaint} within {PATIENCE} s")
            time.sleep(0.01)

    def _tell(self, method, parameters):
        self._send({"jsonrpc": "2.0", "method": method, "params": parameters})

    def _send(self, message):
        body = json.dumps(message).encode()
        with self._lock:
            self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            self._process.stdin.flush()

    def _read(self):
        while head := self._process.stdout.readline():
            length = None
            while head.strip():
                name, _, value = head.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                head = self._process.stdout.readline()
            body = self._process.stdout.read(length)
            if len(body) < length:
                return
            self._take(json.loads(body))

    def _take(self, message):
        self._last_word = time.monotonic()
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            result = None
            if message["method"] == "workspace/configuration":
                result = [self._setting(item.get("section")) for item in message["params"]["items"]]
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})
        elif "id" in message:
            self._replies.pop(message["id"]).put(message)

    def _setting(self, section):
        value = self.settings
        for part in (section or "").split("."):
            value = value.get(part) if part and isinstance(value, dict) else value
        return value
