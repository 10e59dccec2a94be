"""Pages that differ from one person to the next in a few values only: rendered once, then filled in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import cast

from markupsafe import escape

from idp.http.deps import current_extensions

EXTENSION = "mire.ready_pages"
MOST_PAGES = 256


@dataclass(frozen=True, slots=True)
class ReadyPage:
    """The text between the values, the place of each value, and what else the page was made of."""

    texts: tuple[str, ...]
    places: tuple[int, ...]
    made_of: tuple[object, ...]

    def filled(self, values: Sequence[str]) -> str:
        """The page with these values."""
        pieces = [self.texts[0]]
        for text, place in zip(self.texts[1:], self.places, strict=True):
            pieces += (values[place], text)
        return "".join(pieces)


def ready_page(
    key: Hashable,
    made_of: tuple[object, ...],
    values: Sequence[str],
    render: Callable[[Sequence[str]], str],
    typed: Sequence[str] = (),
) -> str:
    """What `render` writes, with `values` in it: random tokens, which stand nowhere by chance.

    What somebody `typed` could: `render` is given a random stand-in for each, and writes that.
    `made_of` is everything else that the page depends on: when one of these is another than it was (the registry or
    the themes were loaded again), the page is rendered again.
    """
    pages = cast(dict[Hashable, ReadyPage], current_extensions().setdefault(EXTENSION, {}))
    escaped = [str(escape(value)) for value in (*values, *typed)]
    known = pages.get(key)
    if known is not None and known.made_of == made_of:
        return known.filled(escaped)
    stand_ins = [secrets.token_hex(16) for _ in typed]
    page = cut(render(stand_ins), [*escaped[: len(values)], *stand_ins], made_of)
    if len(pages) >= MOST_PAGES:
        pages.clear()
    pages[key] = page
    return page.filled(escaped)


def cut(html: str, values: Sequence[str], made_of: tuple[object, ...]) -> ReadyPage:
    """The page without its values."""
    if not values:
        return ReadyPage((html,), (), made_of)
    pieces = re.split("(" + "|".join(map(re.escape, values)) + ")", html)
    return ReadyPage(tuple(pieces[::2]), tuple(map(list(values).index, pieces[1::2])), made_of)
