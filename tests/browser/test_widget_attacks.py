"""Messages to the login widget that somebody else made: ignored, and counted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Frame, Page, expect

from tests.browser.conftest import NewPage
from tests.browser.widget_stage import CODE, RECORD, Stage, channel, details, leaves, staged, wait_for, watch, widget

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def servers() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@pytest.fixture
def stage(servers: Stage) -> Stage:
    """The frame says nothing by itself."""
    servers.fresh().frame_script = ""
    return servers


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return watch(new_page(watched=False))


@pytest.fixture
def frame(stage: Stage, page: Page) -> Frame:
    """The gateway's frame, which has said nothing yet."""
    stage.partner(stage.element(), '<iframe id="sibling"></iframe>')
    page.goto(stage.portal)
    return stage.frame(page)


def ready(page: Page, **changes: Any) -> dict[str, Any]:
    """What the frame would say."""
    return {"p": "mire", "v": 1, "ch": channel(page), "type": "ready", "features": [], **changes}


def ignores(page: Page, times: int, name: str = "", seen: Sequence[Any] = ()) -> None:
    """So many messages were not believed, and nothing came of the last, `name`: no event but those `seen` before."""
    page.wait_for_function("([times]) => document.querySelector('mire-login').ignored >= times", arg=[times])
    assert (times, list(seen), name) == (widget(page, "ignored"), page.evaluate("seen"), name)


def believes(page: Page, frame: Frame) -> None:
    """Control: the same message from the frame itself is what the loader waits for, still."""
    frame.evaluate("message => parent.postMessage(message, '*')", ready(page))
    wait_for(page, "ready")
    assert "ready" == widget(page, "state")


def test_the_page_itself_is_not_the_frame(page: Page, frame: Frame) -> None:
    """WIDGET case 27."""
    page.evaluate("message => postMessage(message, '*')", ready(page))
    ignores(page, 1)
    believes(page, frame)


def test_a_made_up_event_is_no_message(stage: Stage, page: Page, frame: Frame) -> None:
    """A script of the page names any origin and source it likes; the browser says that it did."""
    page.evaluate(
        """([data, origin]) => {
          const source = document.querySelector("mire-login").shadowRoot.querySelector("iframe").contentWindow;
          dispatchEvent(new MessageEvent("message", {data, origin, source}));
        }""",
        [ready(page), stage.issuer],
    )
    ignores(page, 1)
    believes(page, frame)


def test_a_sibling_frame_is_not_the_frame(stage: Stage, page: Page, frame: Frame) -> None:
    """WIDGET case 27: another site's frame in the same page, which knows the channel."""
    with page.expect_event("framenavigated", lambda one: one.url.startswith(stage.evil)) as navigated:
        page.evaluate("url => { document.getElementById('sibling').src = url }", stage.evil)
    evil = navigated.value
    evil.wait_for_load_state()
    evil.evaluate("message => parent.postMessage(message, '*')", ready(page))
    ignores(page, 1)
    assert 0 == evil.evaluate("parent.frames[0] === self ? 0 : 1")  # the form is not among the page's named frames
    believes(page, frame)


def test_another_frame_of_the_gateway_is_not_the_frame(stage: Stage, page: Page, frame: Frame) -> None:
    """The right origin is not enough: a page of the gateway that the partner framed itself."""
    page.evaluate(
        "url => { document.getElementById('sibling').src = url }",
        f"{stage.issuer}/widget/frame?request_uri=other&ch=0",
    )
    page.frame_locator("#sibling").locator("#first").wait_for()
    other = next(each for each in page.frames if "request_uri=other" in each.url)
    other.evaluate("message => parent.postMessage(message, '*')", ready(page))
    ignores(page, 1)
    believes(page, frame)


def test_an_opener_is_not_the_frame(stage: Stage, new_page: NewPage) -> None:
    """WIDGET case 27: the page that opened the partner's."""
    evil = watch(new_page(watched=False))
    evil.context.add_init_script(RECORD)
    stage.partner()
    evil.goto(stage.evil)
    with evil.expect_popup() as opened:
        evil.evaluate("url => { window.partner = open(url) }", stage.portal)
    page = opened.value
    frame = stage.frame(page)
    evil.evaluate("message => partner.postMessage(message, '*')", ready(page))
    ignores(page, 1)
    believes(page, frame)


def test_the_frame_that_went_elsewhere_is_not_the_frame(stage: Stage, page: Page, frame: Frame) -> None:
    """The right window is not enough: what it shows must be of the issuer's origin."""
    message = ready(page)
    frame.goto(stage.evil)
    frame.evaluate("message => parent.postMessage(message, '*')", message)
    ignores(page, 1)
    frame.goto(f"{stage.issuer}/widget/frame?request_uri=back&ch={message['ch']}")
    believes(page, frame)


LARGE = "x" * 1_000_000
MALFORMED = {
    "another channel": {"ch": "0" * 32},
    "no channel": {"ch": None},
    "a channel in a list": {"ch": ["x"]},
    "another protocol": {"p": "fire"},
    "no protocol": {"p": None},
    "a version in words": {"v": "1"},
    "an unknown type": {"type": "steady"},
    "an inherited type": {"type": "constructor"},
    "a polluting type": {"type": "__proto__"},
    "a type of the port": {"type": "handover"},
    "no features": {"features": None},
    "odd features": {"features": ["<img src=x onerror=alert(1)>"]},
    "a feature too long": {"features": ["x" * 41]},
    "too many features": {"features": ["feature"] * 2000},
    "a megabyte": {"features": [LARGE]},
    "a megabyte more": {"more": LARGE},
    "a member more": {"more": 1},
    "a constructor": {"constructor": {"prototype": {"polluted": 1}}},
    "a version no number": {"min": "0"},
    "a result": {"type": "result", "response": {"code": CODE, "state": "s", "iss": "x"}},
}


def test_a_greeting_must_have_its_shape(page: Page, frame: Frame) -> None:
    """WIDGET case 28, from the right frame."""
    for times, (name, changes) in enumerate(MALFORMED.items(), 1):
        frame.evaluate("message => parent.postMessage(message, '*')", ready(page, **changes))
        ignores(page, times, name)
    believes(page, frame)


def test_a_greeting_pollutes_nothing(page: Page, frame: Frame) -> None:
    """WIDGET case 28: `__proto__` as a member of its own, as JSON makes it."""
    script = "message => parent.postMessage(JSON.parse(JSON.stringify(message).replace('}', POLLUTION)), '*')"
    pollution = """', "__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'"""
    frame.evaluate(script.replace("POLLUTION", pollution), ready(page))
    ignores(page, 1)
    assert page.evaluate("({}).polluted === undefined && ''.polluted === undefined")
    believes(page, frame)


def test_what_is_no_object_is_no_greeting(page: Page, frame: Frame) -> None:
    odd = ("null", "1", "'mire'", "[]", "new Map([['p', 'mire']])", "new Uint8Array(9)", "1n")
    for times, data in enumerate(odd, 1):
        frame.evaluate(f"parent.postMessage({data}, '*')")
        ignores(page, times, data)
    believes(page, frame)


def test_a_message_that_contains_itself_is_no_greeting(page: Page, frame: Frame) -> None:
    frame.evaluate("message => { message.min = message; parent.postMessage(message, '*') }", ready(page))
    ignores(page, 1)
    believes(page, frame)


def test_what_is_of_others_is_not_even_counted(page: Page, frame: Frame) -> None:
    """Pages are full of messages."""
    page.evaluate("[1, 'x', null, {p: 'other'}, {type: 'ready'}].forEach((data) => postMessage(data, '*'))")
    page.evaluate("new Promise((resolve) => { addEventListener('message', resolve); postMessage('last', '*') })")
    ignores(page, 0)


def test_a_second_greeting_is_ignored(stage: Stage, page: Page, frame: Frame) -> None:
    """WIDGET case 27: no second channel is handed out."""
    believes(page, frame)
    frame.evaluate("message => parent.postMessage(message, '*')", ready(page))
    page.wait_for_function("() => document.querySelector('mire-login').ignored === 1")
    assert (1, 1) == (len(details(page, "ready")), frame.evaluate("got.length"))


def test_the_channel_goes_to_the_issuer_only(stage: Stage, page: Page, frame: Frame) -> None:
    """WIDGET 4.4: `init` has the issuer as its target: a frame that went elsewhere meanwhile never gets the port."""
    frame.evaluate("message => { parent.postMessage(message, '*') }", ready(page))
    wait_for(page, "ready")
    assert [stage.portal] == frame.evaluate("got.map((message) => message.origin)")
    assert "'*'" not in page.evaluate(
        "url => fetch(url).then((a) => a.text())", f"{stage.issuer}/w/1.0.0/mire-login.mjs"
    )


TOLD = {
    "of another channel": {"type": "handover", "ch": "0" * 32},
    "of another version": {"type": "handover", "v": 2},
    "of another protocol": {"type": "handover", "p": "fire"},
    "of no type": {"type": "constructor"},
    "ready": {"type": "ready", "features": []},
    "init": {"type": "init", "loader": "1.0.0", "scheme": "light"},
    "resize without height": {"type": "resize"},
    "resize in words": {"type": "resize", "height": "300"},
    "resize and more": {"type": "resize", "height": 300, "style": "red"},
    "state unknown": {"type": "state", "state": "pwned"},
    "result without code": {"type": "result", "response": {"state": "s", "iss": "ISSUER"}},
    "result with an odd code": {"type": "result", "response": {"code": "<script>", "state": "s", "iss": "ISSUER"}},
    "result of another issuer": {"type": "result", "response": {"code": CODE, "state": "s", "iss": "https://evil.fr"}},
    "result with a long state": {"type": "result", "response": {"code": CODE, "state": "s" * 513, "iss": "ISSUER"}},
    "result and more": {"type": "result", "response": {"code": CODE, "state": "s", "iss": "ISSUER", "ticket": "t"}},
    "result with a ticket": {
        "type": "result",
        "response": {"code": CODE, "state": "s", "iss": "ISSUER"},
        "ticket": "t",
    },
    "error in markup": {"type": "error", "error": "<b>no</b>"},
    "error with values": {"type": "error", "error": "expired", "password": "Mire2026"},
    "error that may be": {"type": "error", "error": "expired", "retryable": "yes"},
    "a megabyte": {"type": "error", "error": "expired", "error_description": LARGE},
}


def test_a_message_of_the_port_must_have_its_shape(stage: Stage, page: Page, frame: Frame) -> None:
    """WIDGET 4.4 and case 37, `iss` altered."""
    believes(page, frame)
    for times, (name, message) in enumerate(TOLD.items(), 1):
        frame.evaluate("sent => port.postMessage({...message('x'), ...sent})", of_issuer(stage, message))
        ignores(page, times, name, [["ready", {"protocol": 1, "features": []}]])
    frame.evaluate("iss => say('result', {response: {code: 'c'.repeat(43), state: 's', iss}})", stage.issuer)  # control
    wait_for(page, "success")


def of_issuer(stage: Stage, message: Any) -> Any:
    """The same message with the issuer in the place of its name."""
    return json.loads(json.dumps(message).replace("ISSUER", stage.issuer))


def test_a_result_by_window_is_none(page: Page, frame: Frame, stage: Stage) -> None:
    """WIDGET case 27: after the handshake, only the port counts, whoever speaks."""
    believes(page, frame)
    response = {"code": CODE, "state": "s", "iss": stage.issuer}
    for speaker in (page, frame):
        sent = ready(page, type="result", response=response)
        del sent["features"]
        speaker.evaluate("sent => (parent === self ? self : parent).postMessage(sent, '*')", sent)
    page.wait_for_function("() => document.querySelector('mire-login').ignored === 2")
    assert [] == details(page, "success")


def test_a_sibling_cannot_lead_the_form_away(stage: Stage, page: Page, frame: Frame) -> None:
    """The prototype's row 4: the browser forbids it, and the form is in no list of frames. Control: a frame in the
    page's own list can be reached."""
    believes(page, frame)
    with page.expect_event("framenavigated", lambda one: one.url.startswith(stage.evil)) as navigated:
        page.evaluate("url => { document.getElementById('sibling').src = url }", stage.evil)
    evil = navigated.value
    evil.wait_for_load_state()
    assert (1, True) == tuple(evil.evaluate("[parent.length, parent[0] === self]"))
    expect(page.locator("mire-login iframe")).to_have_count(1)


ANSWERED = {
    "of another issuer": {
        "type": "authorization_response",
        "response": {"code": CODE, "state": "s", "iss": "https://evil.fr"},
    },
    "an odd code": {"type": "authorization_response", "response": {"code": "<b>", "state": "s", "iss": "ISSUER"}},
    "an odd error": {"type": "authorization_response", "response": {"error": "<b>"}},
    "no response": {"type": "authorization_response"},
    "no type": {"response": {"code": CODE, "state": "s", "iss": "ISSUER"}},
    "a word": "authorization_response",
}


def test_a_pop_up_s_answer_must_have_its_shape(stage: Stage, page: Page) -> None:
    popup = popped(stage, page)
    for times, (name, sent) in enumerate(ANSWERED.items(), 1):
        popup.evaluate("sent => opener.postMessage(sent, '*')", of_issuer(stage, sent))
        ignores(page, times, name)
    answers(stage, page, popup)


def test_a_pop_up_that_went_elsewhere_answers_nothing(stage: Stage, page: Page) -> None:
    """WIDGET case 27."""
    popup = popped(stage, page)
    leads(popup, stage.evil)
    response = {"code": CODE, "state": "s", "iss": stage.issuer}
    popup.evaluate(
        "response => opener.postMessage({type: 'authorization_response', response}, '*')",
        response,
    )
    ignores(page, 1)
    leads(popup, f"{stage.issuer}/authorize?display=popup&again")
    answers(stage, page, popup)


def test_who_is_not_the_pop_up_answers_nothing(stage: Stage, page: Page) -> None:
    """The page itself, with what the window would say."""
    popup = popped(stage, page)
    page.evaluate(
        "response => postMessage({type: 'authorization_response', response}, '*')",
        {"code": CODE, "state": "s", "iss": stage.issuer},
    )
    assert [] == details(page, "success")
    answers(stage, page, popup)


def leads(popup: Page, url: str) -> None:
    """By a script of its own, which keeps its opener."""
    leaves(popup, f"location.href = {url!r}")
    popup.wait_for_url(f"{url}**")


def popped(stage: Stage, page: Page) -> Page:
    """The window that the link opened."""
    stage.popup = "<!doctype html><title>Mire</title>"
    stage.partner(stage.element('request-uri="u" completion="message" fallback="popup"'))
    page.goto(stage.portal)
    stage.frame(page)
    with page.expect_popup() as opened:
        page.click("#link")
    opened.value.wait_for_load_state()
    return opened.value


def answers(stage: Stage, page: Page, popup: Page) -> None:
    """Control: the right answer, once more."""
    response = {"code": CODE, "state": "s", "iss": stage.issuer}
    leaves(popup, f"opener.postMessage({{type: 'authorization_response', response: {json.dumps(response)}}}, '*')")
    wait_for(page, "success")
    assert [{**response, "source": "popup"}] == details(page, "success")
