"""One function per use case, verb-named, which owns its transaction. No Flask, no Authlib, no SQLAlchemy."""
