"""JSON Schemas for editors, made from the same tables that the reader uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from idp.domain.portals.clients import ClientAuthentication
from idp.domain.portals.file_fields import Field, Kind
from idp.domain.portals.registry_fields import CLIENT_FIELDS, PUBLISHER_FIELDS, RESOURCE_FIELDS
from idp.domain.portals.theme_fields import THEME_FIELDS

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def registry_schema() -> dict[str, Any]:
    """The form of clients.yaml."""
    lists = {"clients": CLIENT_FIELDS, "resources": RESOURCE_FIELDS, "software_publishers": PUBLISHER_FIELDS}
    return {
        "$schema": DRAFT,
        "title": "The partner registry (clients.yaml)",
        "type": "object",
        "properties": {name: {"type": "array", "items": _entry(name, fields)} for name, fields in lists.items()},
        "additionalProperties": False,
    }


def _entry(name: str, fields: Sequence[Field]) -> dict[str, Any]:
    """client_secret_jwt computes with the secret itself: a digest of it is refused."""
    if name != "clients":
        return _mapping(fields)
    method = {"const": ClientAuthentication.SECRET_JWT.value}
    digest = {"type": "string", "pattern": "^sha256:"}
    secret = {"not": {"anyOf": [digest, {"type": "array", "contains": digest}]}}
    return {
        **_mapping(fields),
        "if": {"properties": {"token_endpoint_auth_method": method}, "required": ["token_endpoint_auth_method"]},
        "then": {"properties": {"client_secret": secret}},
    }


def theme_schema() -> dict[str, Any]:
    """The form of theme.yaml."""
    return {"$schema": DRAFT, "title": "A theme (theme.yaml)", **_mapping(THEME_FIELDS)}


def _mapping(fields: Sequence[Field]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.name: _described(field) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _described(field: Field) -> dict[str, Any]:
    return {**({"description": field.doc} if field.doc else {}), **_shape(field)}


def _shape(field: Field) -> dict[str, Any]:
    match field.kind:
        case Kind.FLAG:
            return {"type": "boolean"}
        case Kind.COUNT:
            return {"type": "integer", "minimum": field.least, **({"maximum": field.most} if field.most else {})}
        case Kind.MAPPING:
            return _mapping(field.fields)
        case Kind.LIST:
            return {"type": "array", "items": _text(field), "uniqueItems": True}
        case Kind.SECRETS:
            several = {"type": "array", "items": _text(field), "minItems": 1, "maxItems": 2, "uniqueItems": True}
            return {"anyOf": [_text(field), several]}
        case Kind.JWKS:
            keys = {"type": "object", "required": ["keys"], "properties": {"keys": {"type": "array", "minItems": 1}}}
            return {"anyOf": [{"type": "string", "pattern": "^file:.+"}, keys]}
    return _text(field)


def _text(field: Field) -> dict[str, Any]:
    if field.choices:
        return {"type": "string", "enum": list(field.choices)}
    return {"type": "string", **({"pattern": field.pattern} if field.pattern else {})}
