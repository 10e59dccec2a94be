"""Tables of authorizations, refresh families, consents and the accepted client registry."""
