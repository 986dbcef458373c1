"""nginx as it is often set up: with upgrades for WebSocket, and connections to the service that are kept."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.system import require

# It has one worker, so all clients share the one connection that is kept. Started by root, nginx would have
# the worker run as another user, who can't enter the folder; started by others, it ignores `user`.
CONFIGURATION = """
daemon off;
user root root;
pid nginx.pid;
error_log error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path client;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    upstream service {{
        server {service};
        keepalive 1;
    }}
    map $http_upgrade $connection_upgrade {{
        default upgrade;
        '' '';
    }}
    server {{
        listen {listen};
        location / {{
            proxy_pass http://service;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection {connection};
        }}
        location /features {{
            return 403;
        }}
    }}
}}
"""


@contextmanager
def proxied(service: str, folder: Path, connection: str) -> Iterator[tuple[str, int]]:
    """Run nginx before a service for the body, and give its address; its files lie in the folder."""
    require("nginx", "nginx")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address: tuple[str, int] = listener.getsockname()
        file = folder / "nginx.conf"
        file.write_text(
            CONFIGURATION.format(
                service=service.removeprefix("http://"),
                listen=f"{address[0]}:{address[1]}",
                connection=connection,
            ),
            encoding="utf-8",
        )
        # nginx takes over the sockets that this variable names, as when it replaces an older nginx.
        descriptor = listener.fileno()
        nginx = subprocess.Popen(
            ["nginx", "-p", folder, "-e", folder / "error.log", "-c", file],
            env={**os.environ, "NGINX": f"{descriptor};"},
            pass_fds=[descriptor],
        )
    try:
        yield address
    finally:
        nginx.terminate()
        nginx.wait()
