"""Mire: a federated identity provider. See docs/explanation/architecture.md for the plan of the house."""

import gc

collecting = gc.isenabled()
gc.disable()  # what is loaded stays: looking for garbage in it was a tenth of the way to the first answer

from idp.settings import Settings  # noqa: E402
from idp.wiring import create_app  # noqa: E402

gc.freeze()  # the first look after this would otherwise be at all of it, and the second again
if collecting:
    gc.enable()

__all__ = ["Settings", "create_app"]
