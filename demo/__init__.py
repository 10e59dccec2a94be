"""Three partner portals, real relying parties on Authlib's Flask client, and the demo's people.

Owns the partners' side only: nothing here is imported by the gateway, and nothing of the gateway is imported here.
Started by `idp demo` as `python -m demo`.
"""
