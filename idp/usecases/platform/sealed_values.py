"""Secrets that are made once, kept encrypted and never rotated: the pairwise salt."""

from __future__ import annotations

import base64

from idp.store.platform.keys import SealedRow, find_sealed, insert_sealed
from idp.usecases.deps import Deps

PAIRWISE_SALT = "pairwise salt"


def load_pairwise_salt(deps: Deps) -> bytes:
    """The 32 bytes that pairwise subjects are derived from; made by whoever asks first. Load it once a process.

    Raises:
        CannotOpen: it is sealed under a version of IDP_KEY_ENCRYPTION_KEY that is not given.
    """
    with deps.read() as connection:
        found = find_sealed(connection, PAIRWISE_SALT)
    if found is None:
        plain = base64.urlsafe_b64decode(deps.random.token(32) + "=")
        sealed, key_id = deps.sealer.seal(PAIRWISE_SALT, plain)
        with deps.transaction() as connection:
            insert_sealed(connection, SealedRow(PAIRWISE_SALT, sealed, key_id), deps.clock.now())
            found = find_sealed(connection, PAIRWISE_SALT)
    assert found is not None
    return deps.sealer.open(found.name, found.sealed, found.key_encryption_key_id)
