"""What is put in an address says the same as what `urlencode` would write."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from hypothesis import given
from hypothesis import strategies as st

from idp.http.redirects import query_of

MEMBERS = st.dictionaries(st.sampled_from(("code", "state", "iss", "error_description")), st.text(max_size=30))


@given(MEMBERS)
def test_a_query_is_written_as_urlencode_writes_it(members: dict[str, str]) -> None:
    members = {name: value.encode(errors="replace").decode() for name, value in members.items()}
    assert urlencode(members) == query_of(members)


def test_no_value_can_add_a_parameter_or_end_the_query() -> None:
    hostile = {"state": "a&code=stolen#x\r\nLocation: https://evil.example/", "iss": "=?é+ %26"}
    assert hostile == dict(parse_qsl(query_of(hostile)))
    assert set("&#\r\n ") & set(query_of({"state": hostile["state"]})) == set()
