"""Reading our pages as a browser without JavaScript does."""

from __future__ import annotations

from html.parser import HTMLParser

from werkzeug.test import TestResponse


class Forms(HTMLParser):
    """The forms of a page: their action, method and fields."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.actions: list[str] = []
        self.buttons = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append({})
            self.actions.append(given.get("action", ""))
        elif tag == "input" and self.found and "name" in given:
            self.found[-1][given["name"]] = given.get("value", "")
        elif tag == "button" and given.get("type") == "submit":
            self.buttons += 1


def forms_of(page: TestResponse) -> Forms:
    """Every form of this page."""
    assert page.mimetype == "text/html", page.mimetype
    forms = Forms()
    forms.feed(page.text)
    return forms


def token_of(page: TestResponse, action: str) -> str:
    """The form token of the form that posts to `action`."""
    forms = forms_of(page)
    return next(
        form["form_token"] for form, to in zip(forms.found, forms.actions, strict=True) if to.startswith(action)
    )
