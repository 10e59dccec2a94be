"""Debian's Apache with mod_auth_openidc as a portal: /me is behind a sign-in, and shows who it was in headers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.processes import fetch_when_up

BINARY = "/usr/sbin/apache2"
MODULES = Path("/usr/lib/apache2/modules")
LOADED = ("mpm_event", "authn_core", "authz_core", "authz_user", "dir", "headers", "auth_openidc")
CONFIGURATION = """
ServerRoot "{folder}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile "{folder}/apache.pid"
ErrorLog "{folder}/error.log"
DefaultRuntimeDir "{folder}"
Mutex file:{folder}
{modules}
{user}
StartServers 1
DocumentRoot "{folder}/pages"

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID apache
OIDCClientSecret {secret}
OIDCRedirectURI http://127.0.0.1:{port}/me/callback
OIDCDefaultLoggedOutURL http://127.0.0.1:{port}/
OIDCCryptoPassphrase {passphrase}
OIDCScope "openid profile organization"
OIDCPKCEMethod S256
OIDCResponseMode query
OIDCRemoteUserClaim sub
OIDCSessionType server-cache

<Directory "{folder}/pages">
    Require all granted
</Directory>
<Location /me>
    AuthType openid-connect
    Require valid-user
    Header set X-User "%{{REMOTE_USER}}e"
    Header set X-Siret "%{{OIDC_CLAIM_siret}}e"
</Location>
"""


@contextmanager
def apache(port: int, issuer: str, secret: str) -> Iterator[str]:
    """Its address, while it runs."""
    folder = Path(mkdtemp(prefix="mire-apache-"))  # not below pytest's folder: Apache's own user must enter
    try:
        folder.chmod(0o755)
        (folder / "pages" / "me").mkdir(parents=True)
        for page in ("pages/index.html", "pages/me/index.html"):
            (folder / page).write_text(f"<title>{page}</title>")
        root = os.getuid() == 0
        if root:
            shutil.chown(folder, "www-data")
        modules = "\n".join(f'LoadModule {name}_module "{MODULES}/mod_{name}.so"' for name in LOADED)
        values = {"folder": folder, "port": port, "issuer": issuer, "secret": secret, "passphrase": secret[::-1]}
        (folder / "apache.conf").write_text(
            CONFIGURATION.format(**values, modules=modules, user="User www-data\nGroup www-data" if root else "")
        )
        process = subprocess.Popen([BINARY, "-d", str(folder), "-f", str(folder / "apache.conf"), "-DFOREGROUND"])
        try:
            fetch_when_up(f"http://127.0.0.1:{port}/")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)
    finally:
        shutil.rmtree(folder)
