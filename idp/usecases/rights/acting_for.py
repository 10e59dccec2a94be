"""Who may have a token that acts for a legal unit or an establishment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from idp.domain.people.siret import Siret


def may_act_for(siret: Siret | str, wanted: Mapping[str, Any]) -> bool:
    """Whether the person of this establishment may: for it, and for its legal unit.

    Nothing is read: rights on e-services and delegations will decide here once they are kept.
    """
    return bool(wanted.get("siret") == siret or wanted.get("siren") == siret[:9])
