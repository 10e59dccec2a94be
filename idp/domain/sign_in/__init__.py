"""Proving who one is: throttling, sessions, and the journey's one table (journey.py)."""
