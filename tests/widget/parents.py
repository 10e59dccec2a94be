"""Pages that frame our form without the loader: strangers' pages, and partners' pages that misbehave."""

from __future__ import annotations

from urllib.parse import urlencode

from playwright.sync_api import Frame, Page

from tests.widget.places import Place
from tests.widget.relying_party import Served

CHANNEL = "0123456789abcdef" * 2


def frame_address(place: Place, request_uri: str = "REQUEST_URI", client_id: str = "portail", **more: str) -> str:
    """Of our form; the partner's own pages may leave the request to be filled in."""
    query = urlencode({"client_id": client_id, "ch": CHANNEL, **more})
    return f"{place.issuer}/widget/frame?{query}&request_uri={request_uri}"


def framing(address: str, attributes: str = "referrerpolicy=no-referrer") -> str:
    style = "<style>iframe { width: 40rem; height: 60rem; border: 0 }</style>"
    return (
        f"<!doctype html><html lang=fr><title>Page</title>{style}<iframe title=f src='{address}' {attributes}></iframe>"
    )


def greeting(place: Place, script: str = "", attributes: str = "") -> Served:
    """A partner's page that speaks to the frame by itself and remembers every word of it.

    `script` runs before; it may replace `greet`, which answers `ready`.
    """
    return Served(
        framing(frame_address(place), attributes)
        + f"""<script>
        const issuer = '{place.issuer}', ch = '{CHANNEL}';
        const said = [], frame = () => document.querySelector('iframe').contentWindow;
        const message = (type, more) => ({{p: 'mire', v: 1, ch, type, ...more}});
        const port = () => {{
          const {{port1, port2}} = new MessageChannel();
          port1.onmessage = (event) => said.push(event.data);
          return port2;
        }};
        let greet = () => frame().postMessage(message('init', {{loader: '1.0.0'}}), issuer, [port()]);
        {script}
        addEventListener('message', (event) => {{
          said.push(event.data);
          if (event.data.type === 'ready') greet();
        }});
        </script>"""
    )


def said(page: Page) -> list[dict[str, object]]:
    """What the frame said to that page."""
    found: list[dict[str, object]] = page.evaluate("said")
    return found


def framed_document(page: Page) -> Frame:
    """The innermost frame, once the browser has settled what it shows."""
    page.wait_for_load_state("load")
    return page.frames[-1]


def shows_the_form(page: Page) -> bool:
    """Whether a person could type there. A refused frame is an error page of the browser's."""
    frame = framed_document(page)
    return frame.url.startswith("http") and frame.locator("#password").count() == 1
