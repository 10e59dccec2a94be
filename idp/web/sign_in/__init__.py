"""The sign-in page and what surrounds it."""
