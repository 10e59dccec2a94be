"""The console script `idp`: one file per command group."""

from idp.cli.main import main

__all__ = ["main"]
