"""Consent, sessions and sign-out pages."""
