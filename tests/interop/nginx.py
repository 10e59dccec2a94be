"""Real nginx with the shipped deploy/nginx, before a gateway on TCP that believes it for where it connects from."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.certificates import new_authority
from tests.conformance.proxy import Site, nginx_command, write_configuration
from tests.processes import fetch_when_up, wait_until_it_listens

HOP, NO_HOP = "127.0.0.1", "127.0.0.2"
"""Where nginx connects from, and an address that the gateway does not take for its proxy."""


@dataclass(frozen=True)
class Front:
    """The addresses: two names of nginx, and the gateway behind it."""

    folder: Path
    port: int
    mutual_tls_port: int
    plain_port: int
    gateway_port: int

    @property
    def issuer(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def mutual_tls(self) -> str:
        return f"https://localhost:{self.mutual_tls_port}"

    @property
    def behind(self) -> str:
        return f"http://{HOP}:{self.gateway_port}"

    @property
    def ca(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def settings(self) -> dict[str, str]:
        """Of the gateway behind it."""
        return {
            "IDP_ISSUER": self.issuer,
            "IDP_MTLS_ISSUER": self.mutual_tls,
            "IDP_LISTEN": f"{HOP}:{self.gateway_port}",
            "IDP_TRUSTED_PROXIES": f"{HOP}/32",
        }

    def tls(self, shown: Path | None = None) -> ssl.SSLContext:
        """How a caller connects: with this certificate, or with none."""
        context = ssl.create_default_context(cafile=self.ca)
        if shown:
            context.load_cert_chain(shown)
        return context


@contextmanager
def nginx(front: Front) -> Iterator[None]:
    """It answers until the block ends."""
    tls = front.folder / "tls"
    certificate, key = new_authority(tls).issue(tls, "gateway", hosts=("localhost", "mtls.localhost"))
    ports = (front.port, front.mutual_tls_port, front.plain_port)
    site = Site(front.folder / "nginx", f"{HOP}:{front.gateway_port}", "localhost", *ports, certificate, key)
    process = subprocess.Popen(nginx_command(write_configuration(site)))
    try:
        fetch_when_up(f"http://{HOP}:{front.gateway_port}/health/live")
        wait_until_it_listens(front.port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)
