"""When the login widget's loader asks the browser who is there, and what it makes of the answer (WIDGET 4.9).

The browser's own dialog is not part of this: `navigator.credentials.get` is played.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.widget_stage import CODE, URN, Stage, details, staged, wait_for, watch, widget

pytestmark = pytest.mark.browser
PLAYED = """
window.asked = [];
window.IdentityCredential ??= class {};
navigator.credentials.get = (options) => new Promise((resolve, reject) => {
  asked.push({options, resolve, reject, aborted: false});
  const last = asked.at(-1);
  options.signal.addEventListener("abort", () => { last.aborted = true; reject(options.signal.reason) });
});
window.preventions = 0;
navigator.credentials.preventSilentAccess = async () => { preventions++ };
"""
ASKED = "asked.map(({options: {signal, ...others}, aborted}) => ({...others, aborted}))"


@pytest.fixture(scope="module")
def servers() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@pytest.fixture
def stage(servers: Stage) -> Stage:
    return servers.fresh()


@pytest.fixture
def page(new_page: NewPage) -> Page:
    page = watch(new_page(watched=False))
    page.add_init_script(PLAYED)
    return page


def opened(stage: Stage, page: Page, fedcm: str, completion: str = "message") -> None:
    stage.partner(stage.element(f'request-uri="{URN}1" fedcm="{fedcm}" completion="{completion}"'))
    stage.open(page)


def question(stage: Stage, mode: str) -> dict[str, object]:
    provider = {
        "configURL": f"{stage.issuer}/fedcm/config.json",
        "clientId": "paie",
        "fields": [],
        "params": {"request_uri": f"{URN}1"},
    }
    identity = {"mode": mode, "context": "signin", "providers": [provider]}
    return {"mediation": "optional", "identity": identity, "aborted": False}


def test_auto_asks_once_when_the_form_is_ready(stage: Stage, page: Page) -> None:
    opened(stage, page, "auto")
    assert [question(stage, "passive")] == page.evaluate(ASKED)
    expect(page.locator("mire-login button")).to_have_count(0)


def test_a_button_asks_when_it_is_pressed(stage: Stage, page: Page) -> None:
    opened(stage, page, "button")
    assert [] == page.evaluate(ASKED)
    button = page.locator("mire-login button")
    expect(button).to_have_text(f"Continuer avec {stage.issuer.removeprefix('http://')}")
    assert ("fedcm", "button") == (button.get_attribute("part"), button.get_attribute("type"))
    button.click()
    assert [question(stage, "active")] == page.evaluate(ASKED)


@pytest.mark.parametrize(
    ("fedcm", "completion"), [("off", "message"), ("", "message"), ("auto", "redirect"), ("button", "")]
)
def test_nobody_is_asked_where_no_page_takes_the_answer(stage: Stage, page: Page, fedcm: str, completion: str) -> None:
    """The loader does not know the redirect URI: the answer is an event."""
    opened(stage, page, fedcm, completion)
    assert ([], 0) == (page.evaluate(ASKED), page.locator("mire-login button").count())


def test_a_page_that_says_it_takes_success_may_end_by_redirection(stage: Stage, page: Page) -> None:
    """Control of the one above: the same completion."""
    stage.partner("<main id=here></main>")
    page.goto(stage.portal)
    page.wait_for_function("() => window.Mire")
    page.evaluate(
        "([issuer, requestUri]) => Mire.mount(document.getElementById('here'),"
        " {issuer, requestUri, clientId: 'paie', fedcm: 'auto', onSuccess() {}}) && null",
        [stage.issuer, f"{URN}1"],
    )
    wait_for(page, "ready")
    assert [question(stage, "passive")] == page.evaluate(ASKED)


def test_a_browser_without_it_is_not_asked(stage: Stage, page: Page) -> None:
    page.add_init_script("delete window.IdentityCredential")
    opened(stage, page, "auto")
    assert ([], "ready") == (page.evaluate(ASKED), widget(page, "state"))


def test_the_question_is_withdrawn_when_the_form_is_sent(stage: Stage, page: Page) -> None:
    """WIDGET case 16: aborted at `state: busy`; nothing is told."""
    opened(stage, page, "auto")
    stage.frame(page).evaluate("say('state', {state: 'ready'}); say('state', {state: 'busy'})")
    page.wait_for_function("() => asked[0].aborted")
    assert [] == details(page, "error")


def test_the_question_is_withdrawn_when_the_element_goes(stage: Stage, page: Page) -> None:
    opened(stage, page, "auto")
    page.evaluate("document.querySelector('mire-login').remove()")
    assert page.evaluate("asked[0].aborted")


def test_the_answer_is_success(stage: Stage, page: Page) -> None:
    """The token is text of JSON; the frame is told to stop."""
    opened(stage, page, "auto")
    frame = stage.frame(page)
    answer = {"code": CODE, "state": "s", "iss": stage.issuer}
    page.evaluate("token => asked[0].resolve({token})", json.dumps(answer))
    wait_for(page, "success")
    assert ([{**answer, "source": "fedcm"}], "done") == (details(page, "success"), widget(page, "state"))
    frame.wait_for_function("() => got.at(-1).type === 'abort'")


@pytest.mark.parametrize(
    "answer",
    [{"code": CODE, "state": "s", "iss": "https://evil.fr"}, {"code": "<b>"}, {}, [], "text", None],
    ids=json.dumps,
)
def test_an_odd_answer_is_ignored(stage: Stage, page: Page, answer: object) -> None:
    opened(stage, page, "auto")
    page.evaluate("token => asked[0].resolve({token})", json.dumps(answer))
    page.wait_for_function("() => document.querySelector('mire-login').ignored === 1")
    assert ([], "ready") == (details(page, "success"), widget(page, "state"))


@pytest.mark.parametrize("name", ["NetworkError", "NotAllowedError", "AbortError"])
def test_a_refusal_of_the_browser_is_nothing(stage: Stage, page: Page, name: str) -> None:
    """WIDGET 4.12: the form remains."""
    opened(stage, page, "auto")
    page.evaluate("name => asked[0].reject(new DOMException('no', name))", name)
    assert ([], "ready") == (details(page, "error"), widget(page, "state"))


@pytest.mark.parametrize(
    ("code", "told"), [("server_error", "server_error"), ("", "access_denied"), ("<b>", "access_denied")]
)
def test_a_refusal_of_the_gateway_is_told(stage: Stage, page: Page, code: str, told: str) -> None:
    opened(stage, page, "auto")
    page.evaluate(
        "error => asked[0].reject(Object.assign(new Error(), {name: 'IdentityCredentialError', error}))", code
    )
    wait_for(page, "error")
    assert ([{"error": told, "retryable": True}], "ready") == (details(page, "error"), widget(page, "state"))


def test_signing_out_forbids_silence(stage: Stage, page: Page) -> None:
    """WIDGET case 17: `preventSilentAccess`."""
    opened(stage, page, "off")
    page.evaluate("Mire.signedOut()")
    assert 1 == page.evaluate("preventions")
