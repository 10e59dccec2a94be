"""Discovery, of the server and of its own resource, and keys, as ready bytes: answered before Flask routes anything."""

from __future__ import annotations

import json
from functools import cache, lru_cache

from flask import Flask

from idp.domain.platform.instants import SECOND
from idp.domain.sign_in.assurance import Acr
from idp.http.ready_bytes import EXTENSION, ReadyAnswer, ready_answer, serve_ready
from idp.oauth.metadata import resource_metadata, server_metadata
from idp.usecases.deps import Deps

DISCOVERY = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
"""OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3."""
RESOURCE = "/.well-known/oauth-protected-resource"
"""RFC 9728 section 3."""
JWKS = "/jwks"


def register_well_known(app: Flask, deps: Deps) -> None:
    """Answer both discovery addresses and the JWK Set."""
    secure = deps.issuer.startswith("https://")
    cache_control = f"public, max-age={deps.lifetimes.jwks_cache // SECOND}"

    @cache
    def discovery() -> ReadyAnswer:
        """Made at the first question, when every door has added its addresses."""
        document = server_metadata(
            deps.issuer,
            routed_paths(app),
            acr_values=list(Acr),
            rules=deps.portal_rules,
            mtls_issuer=deps.mtls_issuer,
        )
        body = json.dumps(document, separators=(",", ":")).encode()
        return ready_answer(body, "application/json", cache_control, secure=secure, public=True)

    @cache
    def resource() -> ReadyAnswer:
        body = json.dumps(resource_metadata(deps.issuer), separators=(",", ":")).encode()
        return ready_answer(body, "application/json", cache_control, secure=secure, public=True)

    @lru_cache(1)
    def keys_answer(body: bytes) -> ReadyAnswer:
        return ready_answer(body, "application/jwk-set+json", cache_control, secure=secure, public=True)

    for path in DISCOVERY:
        serve_ready(app, path, discovery)
    serve_ready(app, RESOURCE, resource)
    serve_ready(app, JWKS, lambda: keys_answer(deps.signer.jwks()))


def routed_paths(app: Flask) -> frozenset[str]:
    """Every address without a variable that this application answers."""
    return frozenset(rule.rule for rule in app.url_map.iter_rules()) | frozenset(app.extensions[EXTENSION])
