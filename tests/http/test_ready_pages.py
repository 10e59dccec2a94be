"""Pages rendered once and filled in: nobody gets another's values, and nothing outlives what it was made of."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask
from markupsafe import escape

from idp.http.ready_pages import EXTENSION, MOST_PAGES, ready_page

KEY = ("sign_in.html", "portail", "fr")


def test_each_gets_its_own_values_and_the_page_is_rendered_once() -> None:
    rendered: list[str] = []

    def page(first: str, second: str) -> str:
        def render(_: Sequence[str]) -> str:
            rendered.append(first)
            return f"<a {first}>{second}</a {first}>"

        return ready_page(KEY, ("theme",), (first, second), render)

    with Flask("pages").app_context():
        for first, second in (("aaaa", "bbbb"), ("cccc", "dddd"), ("eeee", "ffff")):
            assert f"<a {first}>{second}</a {first}>" == page(first, second)
    assert ["aaaa"] == rendered


def test_values_are_escaped_as_the_template_does() -> None:
    with Flask("pages").app_context():
        assert "?t=1&amp;u=2." == ready_page(KEY, (), ("t=1&u=2",), lambda _: "?t=1&amp;u=2.")
        assert "?&lt;b&gt;." == ready_page(KEY, (), ("<b>",), lambda _: "never")


def test_a_value_that_stands_in_the_page_anyway_does_not_tear_it() -> None:
    """What somebody typed may be any text, or none."""
    with Flask("pages").app_context():
        for value in ("a", "", "<a>"):
            page = ready_page(KEY, (), (), lambda typed: f"<main a>{typed[0]}</main>", (value,))
            assert f"<main a>{escape(value)}</main>" == page


def test_a_page_made_of_something_else_is_rendered_again() -> None:
    with Flask("pages").app_context():
        assert "old 1111" == ready_page(KEY, ("old",), ("1111",), lambda _: "old 1111")
        assert "new 2222" == ready_page(KEY, ("new",), ("2222",), lambda _: "new 2222")
        assert "new 3333" == ready_page(KEY, ("new",), ("3333",), lambda _: "never")


def test_pages_are_kept_up_to_a_limit() -> None:
    app = Flask("pages")
    with app.app_context():
        for number in range(2 * MOST_PAGES):
            ready_page(number, (), ("value",), lambda _: "value")
    assert len(app.extensions[EXTENSION]) <= MOST_PAGES
