"""A partner's page with the real loader, and a stand-in for the gateway's frame that says what the test tells it to."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request
from playwright.sync_api import Frame, Page

from idp.http.ready_bytes import EXTENSION, ReadyBytes
from idp.web.portals.widget_loader import PUBLISHED, register
from tests.browser.serving import serving, take_port

URN = "urn:ietf:params:oauth:request_uri:"
CODE = "c" * 43
SCRIPT = PUBLISHED / "1.0.0" / "mire-login.js"
INTEGRITY = "sha384-" + base64.b64encode(hashlib.sha384(SCRIPT.read_bytes()).digest()).decode()
FRAME = """<!doctype html><html lang=fr><title>Cadre</title><body style="margin:0">
<p>Formulaire</p><input id=first><script>
const ch = new URLSearchParams(location.search).get("ch");
const got = [];
let port;
addEventListener("message", (event) => {
  if (event.source !== parent || event.data.ch !== ch || port || event.ports.length !== 1) return;
  got.push({...event.data, origin: event.origin});
  port = event.ports[0];
  port.onmessage = (event) => {
    got.push(event.data);
    if (event.data.type === "focus") document.getElementById("first").focus();
  };
});
const message = (type, more) => ({p: "mire", v: 1, ch, type, ...more});
const say = (type, more) => port.postMessage(message(type, more));
const known = {min: 1, max: 1, features: ["handover"]};
const hello = (more) => parent.postMessage(message("ready", {...known, ...more}), PARTNER);
SCRIPT
</script>"""
RECORD = """
window.seen = [];
for (const name of ["ready", "resize", "success", "handover", "error", "blocked"])
  addEventListener("mire-login:" + name, (event) => {
    seen.push([name, event.detail]);
    if (window.prevented === name) event.preventDefault();
  });
"""


@dataclass
class Stage:
    """Where everything is, and how it behaves."""

    issuer: str
    portal: str
    evil: str
    frame_script: str = "hello()"
    """What the frame does by itself."""
    page: str = ""
    """The body of the partner's page."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the partner's page."""
    start: Any = None
    """What `start-url` answers; None: a new request_uri each time."""
    popup: str = ""
    """The body of `/authorize?display=popup`."""
    popup_headers: Mapping[str, str] = field(default_factory=dict)
    framed: list[Mapping[str, str]] = field(default_factory=list)
    """The query and some headers of each request for the frame."""
    started: list[Mapping[str, str]] = field(default_factory=list)
    """The headers of each request for a new request_uri."""
    released: threading.Event = field(default_factory=threading.Event)
    """A frame named `hang` is answered only after this."""

    def fresh(self) -> Stage:
        """The same servers, as if nothing had been."""
        self.released.set()
        vars(self).update(vars(Stage(self.issuer, self.portal, self.evil)))
        self.partner()
        return self

    def script(self, integrity: str = INTEGRITY) -> str:
        """The tag that a partner copies."""
        source = f'src="{self.issuer}/w/1.0.0/mire-login.js"'
        return f'<script {source} integrity="{integrity}" crossorigin="anonymous" async></script>'

    def element(self, attributes: str = f'request-uri="{URN}1"', content: str | None = None) -> str:
        """One widget, with the link in it."""
        link = f'<a id="link" href="{self.portal}/login">Se connecter</a>' if content is None else content
        return f'<mire-login issuer="{self.issuer}" client-id="paie" {attributes}>{link}</mire-login>'

    def partner(self, *elements: str, integrity: str = INTEGRITY) -> None:
        """The partner's page holds the script and these elements."""
        self.page = self.script(integrity) + "".join(elements or [self.element()])

    def open(self, page: Page) -> Frame:
        """The partner's page with the widget ready; its frame."""
        page.goto(self.portal)
        wait_for(page, "ready")
        return self.frame(page)

    def frame(self, page: Page) -> Frame:
        """The newest frame of the gateway in the page."""
        page.locator("mire-login iframe").first.wait_for(state="attached")
        handle = page.locator("mire-login iframe").last.element_handle()
        frame = handle.content_frame() if handle else None
        assert frame is not None
        frame.wait_for_function("() => typeof hello === 'function'")
        return frame


@contextlib.contextmanager
def staged() -> Iterator[Stage]:
    """Three sites: gateway, partner, attacker."""
    ports = [take_port() for _ in range(3)]
    names = ("localhost", "portail.localhost", "evil.localhost")
    origins = [f"http://{name}:{port.getsockname()[1]}" for name, port in zip(names, ports, strict=True)]
    stage = Stage(*origins).fresh()
    with serving(gateway_app(stage), ports[0]), serving(partner_app(stage), ports[1]), serving(evil_app(), ports[2]):
        yield stage
        stage.released.set()


def gateway_app(stage: Stage) -> Flask:
    """The loader as it is really served, and the stand-ins."""
    app = Flask("gateway")

    @app.get("/widget/frame")
    def frame() -> Response:
        seen = {name: request.headers.get(name, "") for name in ("Referer", "Sec-Fetch-Dest", "Cookie")}
        stage.framed.append(request.args.to_dict() | seen)
        if request.args["request_uri"] == "hang":
            stage.released.wait(20)
        script = "" if request.args["request_uri"] == "silent" else stage.frame_script
        body = FRAME.replace("PARTNER", repr(stage.portal)).replace("SCRIPT", script)
        ancestors = "'none'" if request.args["request_uri"] == "refused" else stage.portal
        return Response(body, headers=framed_by(ancestors))

    @app.get("/authorize")
    def authorize() -> Response:
        if request.args.get("display") == "popup":
            return Response(stage.popup, headers=dict(stage.popup_headers))
        return Response(f"<title>Mire</title><h1>{request.args['request_uri']}</h1>")

    register(app, secure=False)
    app.wsgi_app = ReadyBytes(app.wsgi_app, app.extensions[EXTENSION])  # type: ignore[method-assign]
    return app


def framed_by(ancestors: str) -> dict[str, str]:
    """What the real frame says too (WIDGET 4.5)."""
    return {
        "Content-Security-Policy": f"frame-ancestors {ancestors}",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def partner_app(stage: Stage) -> Flask:
    """One page, one place where a sign-in starts, and one where the link leads."""
    app = Flask("partner")

    @app.get("/")
    def home() -> Response:
        head = '<!doctype html><html lang="fr"><title>Portail</title><link rel="icon" href="data:,">'
        return Response(head + stage.page, headers=dict(stage.headers))

    @app.get("/login")
    def login() -> Response:
        return Response("<title>Portail</title><h1>the link led here</h1>")

    @app.post("/sso/start")
    def start() -> Any:
        stage.started.append(dict(request.headers))
        answer = {"request_uri": f"{URN}{len(stage.started)}", "expires_in": 300}
        return jsonify(answer) if stage.start is None else stage.start

    return app


def evil_app() -> Flask:
    """Pages of somebody else."""
    app = Flask("evil")

    @app.get("/")
    def page() -> Response:
        return Response("<!doctype html><title>Evil</title>")

    @app.post("/sso/start")
    def start() -> Response:
        return Response('{"request_uri": "evil"}', headers={"Access-Control-Allow-Origin": "*"})

    return app


def watch(page: Page) -> Page:
    """Its events are recorded, and its timers run only when the test says so (`page.clock.run_for`): the loader waits
    a few seconds for the frame, and a machine under load may need them."""
    page.add_init_script(RECORD)
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    return page


def leaves(frame: Frame | Page, script: str) -> None:
    """The frame or window does that after this call: it may be gone by it."""
    frame.evaluate(
        f"() => {{ const {{port1, port2}} = new MessageChannel(); port1.onmessage = () => {{ {script} }};"
        " port2.postMessage(0) }"
    )


def wait_for(page: Page, name: str, times: int = 1) -> None:
    """Until the event came that often."""
    script = "([name, times]) => seen.filter((event) => event[0] === name).length >= times"
    page.wait_for_function(script, arg=[name, times])


def details(page: Page, name: str) -> list[Any]:
    """What came with each event of that name."""
    return [detail for event, detail in page.evaluate("seen") if event == name]


def widget(page: Page, expression: str) -> Any:
    """Something of the first widget: `state`, `ignored`, `focusForm()`, ..."""
    return page.evaluate(f"document.querySelector('mire-login').{expression}")


def channel(page: Page) -> str:
    """The frame's channel, which an attacker is supposed to know."""
    found = page.evaluate(
        "new URL(document.querySelector('mire-login').shadowRoot.querySelector('iframe').src).searchParams.get('ch')"
    )
    assert isinstance(found, str)
    return found
