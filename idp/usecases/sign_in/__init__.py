"""Signing in, sessions and known devices."""
