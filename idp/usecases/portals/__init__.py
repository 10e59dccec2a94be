"""Authorizations, tokens, consents, logout."""
