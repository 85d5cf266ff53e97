"""The service as its page describes it, with books of what it charged: the far end behind the proxies.

It shares no code with the program or its simulator, so that one misreading can't hide in both. A submit is charged when a
task is made for it, whatever becomes of the answer.
"""

import json
import pathlib
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VIDEO = (pathlib.Path(__file__).parents[2] / "src/simulate/videos/360p-5s.mp4").read_bytes()


class Service:
    """The service on a port of its own. It can go away and come back; its books stay."""

    def __init__(self):
        self.lock = threading.Lock()
        self.charges = {}  # prompt -> the times at which it was charged
        self.tasks = {}  # task id -> prompt
        self.submits = []  # when each submit arrived, charged or not
        self.run = lambda number: None  # what befalls the n-th submit: "drop", or seconds of delay
        self.port = None
        self.server = None
        self.generation = 0.2  # seconds until a task is done

    def start(self):
        service = self

        class Handler(Exchange):
            pass

        Handler.service = service
        self.server = Server(("127.0.0.1", self.port or 0), Handler)
        self.port = self.server.server_address[1]
        self.open = set()
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        """Goes away as a killed process does: the port closes, and every connection breaks."""
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.open):
            reset(connection)

    def submit(self, prompt):
        with self.lock:
            self.submits.append(time.monotonic())
            number = len(self.submits)
            task = f"{number:032x}"
            self.charges.setdefault(prompt, []).append(time.monotonic())
            self.tasks[task] = (prompt, time.monotonic())
            return task, self.run(number)

    def charged(self):
        return sum(len(times) for times in self.charges.values())


class Server(ThreadingHTTPServer):
    request_queue_size = 512
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, *_):
        """Says nothing of connections that a proxy broke off."""


def reset(connection):
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
    except OSError:
        pass


class Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave as one, so that no proxy waits for the second packet.
    wbufsize = -1

    def setup(self):
        super().setup()
        self.service.open.add(self.connection)

    def finish(self):
        self.service.open.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        task, fate = self.service.submit(body["input"]["prompt"])
        if fate == "drop":
            self.close_connection = True
            reset(self.connection)
            return
        if fate:
            time.sleep(fate)
        self.envelope(200, 0, {"taskId": task}, number=int(task, 16))

    def do_GET(self):
        path = self.path.split("?")[0].strip("/").split("/")
        if path[:1] == ["videos"]:
            self.reply(200, "video/mp4", VIDEO)
            return
        task = self.service.tasks.get(path[3]) if len(path) == 5 else None
        if task is None:
            self.envelope(404, 404, None, "no such task")
        elif path[4] == "status":
            done = time.monotonic() - task[1] > self.service.generation
            self.envelope(200, 0, [{"taskId": path[3], "status": "COMPLETED" if done else "RUNNING"}])
        else:
            host = self.headers["Host"]
            self.envelope(200, 0, {"urls": [f"http://{host}/videos/{path[3]}.mp4"]})

    def envelope(self, status, code, data, message="success", number=0):
        body = {"code": code, "message": message, "data": data, "ts": "2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]"}
        self.reply(status, "application/json", json.dumps(body).encode(), number)

    def reply(self, status, kind, body, number=0):
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Number", str(number))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        pass
