"""What other windows say to a widget and to its frame, and what they are believed of it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from idp.domain.portals.widgets import Completion
from tests.widget.conftest import NewContext, NewPlace
from tests.widget.driving import (
    arrives,
    document,
    form,
    heard,
    hears,
    keep_going,
    login_page,
    opened,
    script,
    sign_in,
    widget,
)
from tests.widget.parents import framed_document, greeting, said
from tests.widget.places import Place, with_widget
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser
FORGED = """
(ch, iss) => [
  {p: 'mire', v: 1, ch, type: 'ready', min: 1, max: 1, features: []},
  {p: 'mire', v: 1, ch, type: 'handover'},
  {p: 'mire', v: 1, ch, type: 'error', error: 'expired'},
  {p: 'mire', v: 1, ch, type: 'resize', height: 1600},
  {p: 'mire', v: 1, ch, type: 'result', response: {code: 'c'.repeat(43), state: 's', iss}},
]
"""


def ready_widget(context: object, address: str) -> Page:
    page = opened(context, address)  # type: ignore[arg-type]
    hears(page, "ready")
    form(page).locator("#password").wait_for()
    return page


def channel_of(page: Page) -> str:
    return str(form(page).locator("body").get_attribute("data-channel"))


def ignored(page: Page) -> int:
    return int(page.evaluate("document.querySelector('mire-login').ignored"))


def kinds(page: Page) -> set[str]:
    return {name for name, _ in heard(page)} - {"resize"}


def test_the_page_itself_cannot_speak_for_the_frame(place: Place, new_context: NewContext) -> None:
    """Widget case 27: with the very channel, from the page and from a frame of it, before and after the handshake."""
    page = ready_widget(new_context(), login_page(place))
    before = ignored(page)
    page.evaluate(
        f"([ch, iss]) => ({FORGED})(ch, iss).forEach((forged) => postMessage(forged, '*'))",
        [channel_of(page), place.issuer],
    )
    page.wait_for_function("many => document.querySelector('mire-login').ignored >= many", arg=before + 5)
    assert kinds(page) == {"ready"}


def test_a_sibling_frame_of_a_stranger_cannot_speak_for_ours(place: Place, new_context: NewContext) -> None:
    """Widget case 27: nor get hold of it."""
    sibling = f"<iframe id=sibling title=s src='{place.attacker.origin}/sibling'></iframe>"
    place.attacker.pages["/sibling"] = Served("<!doctype html><title>s</title><p>ready")
    place.partner.pages["/siblings"] = Served(document(widget(place) + sibling, script(place)))
    page = ready_widget(new_context(), place.partner.origin + "/siblings")
    before = ignored(page)
    stranger = next(frame for frame in page.frames if frame.url.startswith(place.attacker.origin))
    stranger.evaluate(
        f"([ch, iss]) => ({FORGED})(ch, iss).forEach((forged) => parent.postMessage(forged, '*'))",
        [channel_of(page), place.issuer],
    )
    page.wait_for_function("many => document.querySelector('mire-login').ignored >= many", arg=before + 5)
    assert kinds(page) == {"ready"}
    assert stranger.evaluate("parent.frames.length") == 1, "ours is in a shadow tree: nobody gets hold of it by name"
    sign_in(form(page))
    keep_going(page)
    arrives(page)


def test_a_sibling_frame_cannot_lead_ours_elsewhere(place: Place, new_context: NewContext) -> None:
    """Widget case 27: where a page made our frame by hand, so that it has a number. The control: its own."""
    place.attacker.pages["/sibling"] = Served("<!doctype html><title>s</title><iframe title=o src=/own></iframe>")
    made = greeting(place)
    sibling = f"<iframe title=s src='{place.attacker.origin}/sibling'></iframe>"
    place.partner.pages["/siblings"] = Served(made.html + sibling)
    page = new_context().new_page()
    page.goto(place.partner.origin + "/siblings")
    stranger = next(frame for frame in page.frames if frame.url.startswith(place.attacker.origin))
    leading = "frame => { try { frame.location = '/sibling?led'; return 'led' } catch (error) { return error.name } }"
    assert stranger.evaluate(f"({leading})(parent.frames[0])") == "SecurityError"
    assert stranger.evaluate(f"({leading})(frames[0])") == "led"
    assert page.frame_locator("iframe >> nth=0").locator("#password").is_visible()


def test_a_page_that_opened_the_partner_cannot_speak_for_the_frame(place: Place, new_context: NewContext) -> None:
    """Widget case 27."""
    context = new_context()
    address = login_page(place)
    place.attacker.pages["/opener"] = Served(
        f"<!doctype html><title>o</title><button onclick=\"window.victim = window.open('{address}')\">open</button>"
    )
    opener = context.new_page()
    opener.goto(place.attacker.origin + "/opener")
    with opener.expect_popup() as opening:
        opener.click("button")
    victim = opening.value
    form(victim).locator("#password").wait_for()
    before = ignored(victim)
    opener.evaluate(
        f"([ch, iss]) => ({FORGED})(ch, iss).forEach((forged) => victim.postMessage(forged, '*'))",
        [channel_of(victim), place.issuer],
    )
    victim.wait_for_function("many => document.querySelector('mire-login').ignored >= many", arg=before + 5)
    assert victim.evaluate("document.querySelector('mire-login').state") == "ready"


GREETINGS = {
    "another channel": "frame().postMessage({...message('init'), ch: 'f'.repeat(32)}, issuer, [port()])",
    "no port": "frame().postMessage(message('init'), issuer)",
    "two ports": "frame().postMessage(message('init'), issuer, [port(), port()])",
    "another version": "frame().postMessage({...message('init'), v: 2}, issuer, [port()])",
    "another protocol": "frame().postMessage({...message('init'), p: 'other'}, issuer, [port()])",
    "not init": "frame().postMessage(message('focus'), issuer, [port()])",
    "a text": "frame().postMessage('init', issuer, [port()])",
    "nothing": "frame().postMessage(null, issuer, [port()])",
    "a megabyte": "frame().postMessage(message('init', {loader: 'x'.repeat(1 << 20)}), issuer, [port()])",
    "a circle": "{ const m = message('init'); m.self = m; frame().postMessage(m, issuer, [port()]) }",
}
RIGHT = "frame().postMessage(message('init', {loader: '1.0.0'}), issuer, [port()])"


def test_the_frame_answers_no_other_greeting_than_the_right_one(place: Place, new_context: NewContext) -> None:
    """Widget cases 27 and 28: a wrong one is ignored; the right one after them all, the control, is answered."""
    place.partner.pages["/greet"] = greeting(place, "greet = () => { window.greeted = true }")
    page = new_context().new_page()
    page.goto(place.partner.origin + "/greet")
    page.wait_for_function("window.greeted")
    frame = framed_document(page)
    frame.evaluate("window.came = 0; addEventListener('message', () => { came += 1 })")
    for number, wrong in enumerate(GREETINGS.values(), 1):
        page.evaluate(f"(() => {{ {wrong} }})()")
        frame.wait_for_function("many => came === many", arg=number)
        assert [told["type"] for told in said(page)] == ["ready"], wrong
    page.evaluate(RIGHT)
    page.wait_for_function("said.some((told) => told.type === 'state')")


def test_a_second_init_changes_nothing(place: Place, new_context: NewContext) -> None:
    """Widget case 27: the port that came first stays the only one."""
    twice = f"greet = () => {{ {RIGHT}; frame().postMessage(message('init'), issuer, [other()]) }};"
    other = """
    const second = [];
    const other = () => {
      const {port1, port2} = new MessageChannel();
      port1.onmessage = (event) => second.push(event.data);
      return port2;
    };
    """
    place.partner.pages["/greet"] = greeting(place, other + twice)
    page = new_context().new_page()
    page.goto(place.partner.origin + "/greet")
    sign_in(framed_document(page), "wrong")
    page.wait_for_function("said.some((told) => told.type === 'error')")
    assert page.evaluate("second") == []


SENT = {
    "own prototype": 'line.postMessage(JSON.parse(\'{"p":"mire","v":1,"__proto__":{"type":"abort"}}\'))',
    "inherited name": "line.postMessage({p: 'mire', v: 1, ch, type: 'constructor'})",
    "hidden setter": "line.postMessage({p: 'mire', v: 1, ch, type: '__proto__'})",
    "a megabyte": "line.postMessage({p: 'mire', v: 1, ch, type: 'focus', more: 'x'.repeat(1 << 20)})",
    "markup": "line.postMessage({p: 'mire', v: 1, ch, type: '<img src=x onerror=alert(1)>'})",
    "another channel": "line.postMessage({p: 'mire', v: 1, ch: 'f'.repeat(32), type: 'focus'})",
}


def test_the_frame_ignores_what_it_does_not_know(place: Place, new_context: NewContext) -> None:
    """Widget case 28: nothing happens, and the gateway counts it; `focus`, the control, moves the focus."""
    keeping = """
    const keep = new MessageChannel(), line = keep.port1;
    line.onmessage = (event) => said.push(event.data);
    greet = () => frame().postMessage(message('init'), issuer, [keep.port2]);
    """
    place.partner.pages["/greet"] = greeting(place, keeping)
    page = new_context().new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(place.partner.origin + "/greet")
    page.wait_for_function("said.some((told) => told.type === 'state')")
    frame = framed_document(page)
    for what in SENT.values():
        page.evaluate(what)
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    assert frame.evaluate("document.activeElement === document.body")
    assert frame.evaluate("({}).type === undefined")
    page.evaluate("line.postMessage({p: 'mire', v: 1, ch, type: 'focus'})")
    expect(frame.locator("#siret")).to_be_focused()
    with page.expect_request("**/widget/submit") as sending:
        sign_in(frame, "wrong")
    assert sending.value.post_data_json["ignored"] == str(len(SENT))
    assert errors == []


def test_what_the_gateway_says_is_shown_as_text(place: Place, new_context: NewContext) -> None:
    """Widget case 28: markup in an answer becomes no element, in the frame or in the page."""
    context = new_context()
    markup = "<img src=x onerror=alert(1)>"
    answer = {"status": "error", "error": "invalid_credentials", "title": markup, "message": markup, "tx": "x"}
    context.route("**/widget/submit", lambda route: route.fulfill(json=answer))
    page = ready_widget(context, login_page(place))
    sign_in(form(page))
    expect(form(page).locator("#notice")).to_contain_text(markup)
    assert form(page).locator("img").count() == 0


def test_an_altered_issuer_is_refused_by_the_partner(new_place: NewPlace, new_context: NewContext) -> None:
    """Widget case 37: mix-up (RFC 9207). The control is the same answer as it came."""
    place = new_place(change=with_widget(completion=Completion.MESSAGE))
    place.partner.asks["response_mode"] = "web_message"
    page = ready_widget(new_context(), login_page(place, "start-url=/sso/start completion=message"))
    sign_in(form(page))
    told = hears(page, "success")
    assert callback(page, {**told, "iss": place.attacker.origin}) == "refused: iss"
    assert callback(page, {name: told[name] for name in ("code", "state")}) == "refused: iss"
    assert callback(page, {**told, "state": "another"}) == "refused: state"
    assert callback(page, told) == "bonjour Moutin"


def callback(page: Page, answer: dict[str, str]) -> str:
    """What the partner's back end says to it."""
    sent = "body => fetch('/sso/callback', {method: 'POST', headers: {'Content-Type': 'application/json'}, body})"
    return str(page.evaluate(f"body => ({sent})(body).then((said) => said.json())", json.dumps(answer))["said"])
