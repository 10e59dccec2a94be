"""Every table, gathered: what migrations compare with and housekeeping counts on."""

from idp.store.metadata import metadata
from idp.store.people import account_imports, accounts, legal_units
from idp.store.platform import audit, jobs, keys, rate_limits, single_use
from idp.store.portals import (
    authorizations,
    device_authorizations,
    legacy_tokens,
    pushed_requests,
    registered_clients,
    registries,
)
from idp.store.sign_in import devices, hand_overs, sessions, transactions

MODULES = (
    legal_units, accounts, account_imports, audit, keys, jobs, rate_limits, single_use,
    sessions, devices, transactions, hand_overs, authorizations, device_authorizations, pushed_requests,
    registered_clients, registries, legacy_tokens,
)  # fmt: skip

__all__ = ["MODULES", "metadata"]
