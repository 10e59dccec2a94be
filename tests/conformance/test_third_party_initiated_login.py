"""3rd-Party-Initiated Login: the gateway sends a person to a portal that registered where its sign-ins begin."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.conformance.suite import Suite
from tests.conformance.target import Target


def invitation(target: Target) -> str:
    """An initial access token, as an operator hands it out."""
    command = [sys.executable, "-m", "idp", "clients", "invite", "--uses", "2", "--no-pkce"]
    done = subprocess.run(command, env=target.environment(), capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[1].strip()


def registered(suite: Suite, token: str, initiate_login_uri: str) -> httpx.Response:
    asked: dict[str, Any] = {
        "client_name": "Third party",
        "redirect_uris": [suite.callback],
        "initiate_login_uri": initiate_login_uri,
    }
    header = {"Authorization": f"Bearer {token}"}
    return suite.http.post(suite.metadata["registration_endpoint"], json=asked, headers=header)


def test_oidcc_3rd_party_init_login(suite: Suite) -> None:
    """OpenID Connect Core section 4: `iss` says to whom; the portal then asks as it always does."""
    begins_at = f"{suite.origin}/test/a/mire/initiate"
    answer = registered(suite, invitation(suite.target), begins_at)
    assert (answer.status_code, answer.json()["initiate_login_uri"]) == (201, begins_at)
    suite = replace(suite, client=answer.json())
    visitor = suite.visitor()
    suite.signed_in(visitor)
    page = visitor.look(f"{suite.target.issuer}/account")
    (link,) = [unescape(found) for found in re.findall(r'href="([^"]+)"', page) if "/initiate" in found]
    assert link.startswith(f"{begins_at}?")
    sent = parse_qs(urlsplit(link).query)
    assert sent["iss"] == [suite.target.issuer]
    assert set(sent) <= {"iss", "login_hint", "target_link_uri"}
    suite.signed_in(visitor)


def test_oidcc_3rd_party_init_login_nohttps(suite: Suite) -> None:
    """Core section 4 and Registration section 2: initiate_login_uri is https; the control is the module before."""
    answer = registered(suite, invitation(suite.target), "http://localhost/test/a/mire/initiate")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
