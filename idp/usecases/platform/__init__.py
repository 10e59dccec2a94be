"""Audit, keys, jobs and outbox as use cases."""
