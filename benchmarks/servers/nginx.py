"""nginx with one worker, for files: what the operating system and C can do."""

import getpass
import os
from pathlib import Path

from benchmarks.servers.options import Options, parse_options

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr error;
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location /static/ {{ alias {files}/; }}
    }}
}}
"""


def write_configuration(options: Options) -> Path:
    """Write what nginx needs to know beside the files that it serves, and give the path."""
    folder = options.files.resolve().parent / "nginx"
    folder.mkdir(exist_ok=True)
    # A worker started by root would take another user's rights and could not read the files of this run.
    user = f"user {getpass.getuser()};" if os.getuid() == 0 else ""
    path = folder / "nginx.conf"
    path.write_text(
        CONFIGURATION.format(folder=folder, files=options.files.resolve(), port=options.port, user=user)
    )
    return path


if __name__ == "__main__":
    path = write_configuration(parse_options())
    os.execvp("nginx", ["nginx", "-e", "stderr", "-p", str(path.parent), "-c", str(path)])
