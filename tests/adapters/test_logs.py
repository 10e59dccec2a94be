"""One JSON object a line; Authlib says nothing, whatever level someone sets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from idp.adapters.logs import EventLog, configure_logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    configure_logs(stream)
    yield stream
    root.handlers[:], root.level = before[0], before[1]


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_with_its_fields(stream: io.StringIO) -> None:
    EventLog().event("session.ended", {"subject": "Moutin é", "count": 2})
    (line,) = lines(stream)
    assert (line["message"], line["subject"], line["count"]) == ("session.ended", "Moutin é", 2)
    assert str(line["at"]).endswith("+00:00")


def test_a_line_break_in_a_value_does_not_make_a_second_line(stream: io.StringIO) -> None:
    EventLog().event("session.ended", {"subject": 'x\n{"message":"forged"}'})
    logging.getLogger("other").warning("a\nb %s", "c\nd")
    assert len(stream.getvalue().splitlines()) == 2


def test_a_traceback_is_one_field(stream: io.StringIO) -> None:
    try:
        raise LookupError("why")
    except LookupError:
        logging.getLogger("mire").exception("It failed.")
    (line,) = lines(stream)
    assert "LookupError: why" in str(line["traceback"])


def test_authlib_is_silent_and_another_library_is_not(stream: io.StringIO) -> None:
    """It logs whole token responses at DEBUG; the other logger is the control."""
    for name in ("authlib", "authlib.oauth2.rfc6749", "authlib.integrations.flask_oauth2", "elsewhere"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.debug("access_token %s", "SECRETTOKEN")
        logger.error("access_token %s", "SECRETTOKEN")
    assert {line["logger"] for line in lines(stream)} == {"elsewhere"}
