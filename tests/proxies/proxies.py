"""The real proxies, each as a process with a configuration of its own in a temporary folder, before one upstream port."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """A running proxy; `timeout` is how many seconds it waits for an answer of the upstream."""

    name = None

    def __init__(self, folder, upstream, timeout=60, extra=""):
        self.folder = pathlib.Path(folder)
        self.upstream, self.timeout, self.extra = upstream, timeout, extra
        self.port = free_port()
        self.folder.joinpath("conf.yaml").write_text(self.configuration())
        self.log = self.folder.joinpath("log").open("wb", buffering=0)
        self.start()

    def start(self):
        homes = {"XDG_CONFIG_HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder)}
        self.process = subprocess.Popen(
            self.command(), cwd=self.folder, env=os.environ | homes, stdout=self.log, stderr=self.log, start_new_session=True
        )
        self.await_port()

    def await_port(self):
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError(f"{self.name} doesn't start:\n{self.folder.joinpath('log').read_text(errors='replace')}")

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def url(self):
        return f"http://127.0.0.1:{self.port}"


class Nginx(Proxy):
    name = "nginx"
    http, locations = "", ""

    def __init__(self, *args, http="", locations="", **kwargs):
        self.http, self.locations = http, locations
        super().__init__(*args, **kwargs)

    def command(self):
        return ["nginx", "-p", str(self.folder), "-c", str(self.folder / "conf.yaml"), "-e", str(self.folder / "error")]

    def configuration(self):
        return f"""
daemon off;
pid {self.folder}/pid;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {self.folder}/body;
    proxy_temp_path {self.folder}/proxy;
    fastcgi_temp_path {self.folder}/fastcgi;
    uwsgi_temp_path {self.folder}/uwsgi;
    scgi_temp_path {self.folder}/scgi;
    upstream service {{ server 127.0.0.1:{self.upstream}; }}
    {self.http}
    server {{
        listen 127.0.0.1:{self.port} backlog=512;
        proxy_read_timeout {self.timeout}s;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        {self.extra}
        {self.locations}
        location / {{ proxy_pass http://service; }}
    }}
}}
"""

    def reload(self, locations=None):
        if locations is not None:
            self.locations = locations
            self.folder.joinpath("conf.yaml").write_text(self.configuration())
        self.process.send_signal(signal.SIGHUP)


class Haproxy(Proxy):
    name = "haproxy"

    def command(self):
        return ["haproxy", "-db", "-f", str(self.folder / "conf.yaml")]

    def configuration(self):
        return f"""
defaults
    mode http
    timeout connect 2s
    timeout client 120s
    timeout server {self.timeout}s
frontend front
    bind 127.0.0.1:{self.port}
    default_backend service
backend service
    {self.extra}
    server one 127.0.0.1:{self.upstream}
"""


class Varnish(Proxy):
    name = "varnish"

    def command(self):
        return [
            "varnishd", "-F", "-n", str(self.folder / "work"), "-a", f"127.0.0.1:{self.port}", "-f", str(self.folder / "conf.yaml"),
            "-s", "malloc,16m", "-p", f"first_byte_timeout={self.timeout}",
        ]  # fmt: skip

    def configuration(self):
        return f"""
vcl 4.1;
backend service {{ .host = "127.0.0.1"; .port = "{self.upstream}"; }}
sub vcl_recv {{ return (pass); }}
"""


class Envoy(Proxy):
    name = "envoy"

    def command(self):
        return [os.environ["ENVOY"], "-c", str(self.folder / "conf.yaml"), "--log-level", "error", "--disable-hot-restart",
                "--concurrency", "1"]  # fmt: skip

    def configuration(self):
        return f"""
static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {self.port} }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          {self.extra}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {{ prefix: "/" }}
                route: {{ cluster: service, timeout: {self.timeout}s }}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{ "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
  clusters:
  - name: service
    connect_timeout: 2s
    type: STATIC
    load_assignment:
      cluster_name: service
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {self.upstream} }} }} }}
"""


class Caddy(Proxy):
    name = "caddy"

    def command(self):
        return ["caddy", "run", "--adapter", "caddyfile", "--config", str(self.folder / "conf.yaml")]

    def configuration(self):
        return f"""
{{
    admin off
    auto_https off
    storage file_system {self.folder}/storage
}}
http://127.0.0.1:{self.port} {{
    reverse_proxy 127.0.0.1:{self.upstream} {{
        transport http {{
            response_header_timeout {self.timeout}s
        }}
    }}
}}
"""


ALL = [Nginx, Haproxy, Varnish, Envoy, Caddy]


def missing():
    """What can't be tested here, by name."""
    programs = {"nginx": "nginx", "haproxy": "haproxy", "varnish": "varnishd", "caddy": "caddy"}
    absent = [name for name, program in programs.items() if shutil.which(program) is None]
    return absent + ([] if os.environ.get("ENVOY") else ["envoy"])
