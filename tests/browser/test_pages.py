"""Every page, in every theme, light and dark, narrow and wide: accessible, within its policy, within its width."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from idp.adapters.theme_files import theme_folders
from tests.browser.accessibility import axe
from tests.browser.conftest import NewPage
from tests.browser.samples import SAMPLES

pytestmark = pytest.mark.browser

TEMPLATES = Path("idp/web/templates")
THEMES = [folder.name for folder in theme_folders(Path("themes"))]
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1280, "height": 900}


def templates() -> set[str]:
    """Every page there is: the templates that fill the base."""
    files = {path: path.read_text() for path in TEMPLATES.rglob("*.html")}
    return {str(path.relative_to(TEMPLATES)) for path, text in files.items() if "{% extends" in text}


def test_every_page_has_a_sample() -> None:
    assert templates() == {sample.template for sample in SAMPLES.values()}


def stay(page: Page) -> Page:
    """A form that posts itself stays where it can be looked at."""
    page.route("**/form_post.js", no_script)
    return page


def no_script(route: Route) -> None:
    route.fulfill(body="", content_type="text/javascript")


FIRST_HEADING = "page-has-heading-one"


def is_framed(name: str) -> bool:
    """A part of a partner's page, which has the first heading (axe asks for it of the outermost page only)."""
    return '{% extends "framed.html" %}' in (TEMPLATES / SAMPLES[name].template).read_text()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_is_accessible_in_every_theme(name: str, samples: str, new_page: NewPage) -> None:
    wrong = []
    for scheme, viewport in (("light", WIDE), ("dark", NARROW)):
        # axe itself breaks Trusted Types; the policy is watched in the next test.
        page = stay(new_page(watched=False, bypass_csp=True, color_scheme=scheme, viewport=viewport))
        for theme in THEMES:
            page.goto(f"{samples}/{name}?theme={theme}")
            found = [line for line in axe(page) if not (is_framed(name) and line.startswith(FIRST_HEADING))]
            wrong += [f"{theme} {scheme} {viewport['width']}: {line}" for line in found]
    assert [] == wrong


def test_axe_sees_what_is_wrong(samples: str, new_page: NewPage) -> None:
    """The control."""
    page = new_page(watched=False, bypass_csp=True)
    page.goto(f"{samples}/sign-in")
    page.evaluate("document.querySelector('label').remove()")
    assert any(line.startswith("label") for line in axe(page))


@pytest.mark.parametrize("theme", THEMES)
def test_no_page_breaks_its_policy_or_its_width(theme: str, samples: str, new_page: NewPage) -> None:
    """The pages are watched: a policy report, a script error or a failed load fails the test."""
    page = stay(new_page(viewport=NARROW))
    for name in SAMPLES:
        page.goto(f"{samples}/{name}?theme={theme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name


def test_the_watch_sees_a_broken_policy(samples: str, new_page: NewPage, sample_app: Any) -> None:
    """The control: an inline style is refused by the browser, and reported."""
    page = new_page(watched=False)
    reports: list[str] = []
    page.expose_function("mireReport", lambda line: reports.append(line))
    page.add_init_script("document.addEventListener('securitypolicyviolation', e => mireReport(e.violatedDirective))")
    page.goto(f"{samples}/sign-in")
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.wait_for_function("getComputedStyle(document.body).color !== 'rgb(255, 0, 0)'")
    page.evaluate("1")
    assert "style-src-attr" in reports


def test_text_may_be_twice_as_large(samples: str, new_page: NewPage) -> None:
    """WCAG 1.4.4 and 1.4.10: at 400 % of a 1280 pixel window nothing needs two ways of scrolling."""
    page = stay(new_page(viewport={"width": 320, "height": 256}))
    for name in SAMPLES:
        page.goto(f"{samples}/{name}?theme=guichet-paie")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name


def test_forced_colours_lose_nothing(samples: str, new_page: NewPage) -> None:
    page = new_page(forced_colors="active")
    page.goto(f"{samples}/sign-in-refused")
    for selector in ("#siret", "button[type=submit]", "#notice"):
        width = page.evaluate("selector => getComputedStyle(document.querySelector(selector)).borderTopWidth", selector)
        assert width != "0px", selector


@pytest.mark.parametrize("theme", THEMES)
def test_every_target_is_large_enough(theme: str, samples: str, new_page: NewPage) -> None:
    """44 pixels, links in running text apart (WCAG 2.5.5)."""
    page = new_page(viewport=NARROW)
    page.goto(f"{samples}/sign-in?theme={theme}")
    for target in page.locator("button:visible, input:visible:not([type=checkbox]):not(#username), .ways a").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44, target.evaluate("e => e.outerHTML")
