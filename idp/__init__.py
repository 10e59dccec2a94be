"""Mire: a federated identity provider. See docs/explanation/architecture.md for the plan of the house."""

from idp.settings import Settings
from idp.wiring import create_app

__all__ = ["Settings", "create_app"]
