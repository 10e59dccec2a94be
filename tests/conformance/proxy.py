"""Debian's nginx with the shipped deploy/nginx files, moved to ports and paths of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "deploy" / "nginx"
FRAME = """daemon off;
master_process on;
{user}
worker_processes 1;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include mire.conf;
}}
"""


@dataclass(frozen=True)
class Site:
    """Where nginx listens and whom it asks."""

    folder: Path
    gateway: str
    """`host:port` or `unix:PATH`."""
    host: str
    port: int
    mutual_tls_port: int
    plain_port: int
    certificate: Path
    key: Path
    bind: str = "127.0.0.1"

    def replacements(self) -> tuple[tuple[str, str], ...]:
        """Each text of the shipped file that has to move, in this order."""
        mutual = f"listen {self.bind}:{self.port} ssl;\n    listen {self.bind}:{self.mutual_tls_port} ssl;"
        before_mutual = "    server_name mtls.connexion.example.fr;"
        return (
            ("server unix:/run/mire/gateway.sock;", f"server {self.gateway};"),
            (f"    listen 443 ssl;\n{before_mutual}", f"    {mutual}\n{before_mutual}"),
            ("    listen 443 ssl;", f"    listen {self.bind}:{self.port} ssl;"),
            ("    listen 80;", f"    listen {self.bind}:{self.plain_port};"),
            ("https://connexion.example.fr$request_uri", f"https://{self.host}:{self.port}$request_uri"),
            ("connexion.example.fr", self.host),
            ("/etc/mire/tls/fullchain.pem", str(self.certificate)),
            ("/etc/mire/tls/privkey.pem", str(self.key)),
        )


def nginx_binary() -> str:
    """The installed nginx, or the one that .ci/nginx unpacked."""
    known = [shutil.which("nginx"), "/usr/sbin/nginx", str(ROOT / ".venv/nginx/usr/sbin/nginx")]
    for path in known:
        if path and os.access(path, os.X_OK):
            return path
    raise FileNotFoundError("nginx is not here: .ci/nginx fetches it")


def write_configuration(site: Site) -> Path:
    """nginx.conf, and the shipped files beside it."""
    site.folder.mkdir(parents=True, exist_ok=True)
    text = (SHIPPED / "mire.conf").read_text()
    for shipped, moved in site.replacements():
        assert shipped in text, f"deploy/nginx/mire.conf no longer says {shipped!r}"
        text = text.replace(shipped, moved)
    (site.folder / "mire.conf").write_text(text)
    for name in ("mire-proxy.conf", "mire-down.conf"):
        shutil.copy(SHIPPED / name, site.folder / name)
    configuration = site.folder / "nginx.conf"
    user = "user root;" if os.getuid() == 0 else ""
    configuration.write_text(FRAME.format(folder=site.folder, user=user))
    return configuration


def nginx_command(configuration: Path) -> list[str]:
    """How to run it in the foreground."""
    return [nginx_binary(), "-e", str(configuration.parent / "error.log"), "-c", str(configuration)]


def check(configuration: Path) -> None:
    """nginx itself accepts the configuration.

    Raises:
        subprocess.CalledProcessError: it does not.
    """
    subprocess.run([*nginx_command(configuration), "-t"], check=True, capture_output=True)
