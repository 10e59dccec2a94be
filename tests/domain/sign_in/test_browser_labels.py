"""A browser is named as its owner would name it."""

from __future__ import annotations

import pytest

from idp.domain.sign_in.browser_labels import browser_label

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("label", "user_agent"),
    [
        ("Chrome, Linux", CHROME),
        ("Edge, Windows", CHROME.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64") + " Edg/156.0.0.0"),
        ("Firefox, Mac", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:153.0) Gecko/20100101 Firefox/153.0"),
        (
            "Safari, iPhone",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
        ),
        ("Chrome, Android", CHROME.replace("X11; Linux x86_64", "Linux; Android 15; Pixel")),
        ("", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_a_browser_has_the_name_its_owner_knows(label: str, user_agent: str) -> None:
    assert label == browser_label(user_agent)
