"""What the widget's frame costs beside the sign-in page: the same form, for the same pushed request."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from bench.load import Cost
from bench.operations import REDIRECT_URI, Operation, Visitor

FRAME = "sign-in frame of a pushed request"
WHOLE_PAGE = "sign-in page of a pushed request"
MOST_OF_PAGE = 1.0
NAMED_FOR = 240.0
"""Seconds after which a pushed request is pushed anew; until then it may be shown again and again."""
PORTAL_ORIGIN = REDIRECT_URI.rpartition("/")[0]


def frame(visitor: Visitor) -> None:
    """The frame, in a browser that sends it no cookie."""
    target = f"/widget/frame?{urlencode(named(visitor) | {'ch': 'a' * 32})}"
    answer = visitor.back_end.request("GET", target, headers=visitor.new_address())
    assert b"data-tx=" in answer.body, answer


def whole_page(visitor: Visitor) -> None:
    """The authorization request and the page that it leads to, in a browser that has not been here."""
    visitor.stranger.cookies.clear()
    visitor.stranger.headers = visitor.new_address()
    _, page = visitor.stranger.open(f"/authorize?{urlencode(named(visitor))}")
    assert b'id="sign-in"' in page.body, page


def named(visitor: Visitor) -> dict[str, str]:
    """What names the visitor's pushed request."""
    request_uri, pushed_at = visitor.pushed
    if time.monotonic() - pushed_at > NAMED_FOR:
        query, _ = visitor.asked()
        answer = visitor.post(visitor.server.endpoints.push, visitor.server.portal, query)
        request_uri = answer["request_uri"]
        visitor.pushed = request_uri, time.monotonic()
    return {"client_id": visitor.server.portal, "request_uri": request_uri}


FRAMES = (Operation(WHOLE_PAGE, whole_page, needs="frame"), Operation(FRAME, frame, needs="frame"))


def frame_ratio(costs: Mapping[str, Cost]) -> float:
    """CPU of the frame, as a multiple of the page's on the same server."""
    return costs[FRAME].times(costs[WHOLE_PAGE])


def frames_section(gateways: Iterable[tuple[str, Mapping[str, Cost]]]) -> str:
    """For the page of the figures."""
    lines = [
        "## The login widget's frame",
        "",
        "Server CPU of the form inside a partner's page, as a multiple of what the sign-in page costs that is shown",
        f"for the same pushed request; at most {MOST_OF_PAGE}.",
        "",
        "| server | frame x page |",
        "| --- | --- |",
    ]
    return "\n".join([*lines, *(f"| {name} | {frame_ratio(costs):.2f} |" for name, costs in gateways)])


def frame_misses(gateways: Iterable[tuple[str, Mapping[str, Cost]]]) -> list[str]:
    """Where it costs more."""
    ratios = [(name, frame_ratio(costs)) for name, costs in gateways]
    return [
        f"{name}: frame: {ratio:.2f} x page, at most {MOST_OF_PAGE}" for name, ratio in ratios if ratio > MOST_OF_PAGE
    ]
