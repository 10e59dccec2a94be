"""Debian's Firefox without a window, in a profile of its own, driven by Marionette; it reaches nothing beyond loopback.

Clicks and keys are WebDriver's, which Firefox treats as a person's: they give user activation. Scripts do not.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.interop.marionette import ELEMENT, PATIENCE_SECONDS, FirefoxError, Marionette
from tests.processes import let_others_run

Value = str | int | bool
ENTER = "\ue007"
"""WebDriver's name of the key."""
QUIET: dict[str, Value] = {
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.topsites.contile.enabled": False,
    "captivedetect.canonicalURL": "",
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "identity.fxaccounts.enabled": False,
    "intl.accept_languages": "fr-FR, fr",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.prefetch-next": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "signon.rememberSignons": False,
    "toolkit.telemetry.server": "data:,",
    # Whatever still wants to leave finds a proxy where nobody listens; Firefox never sends loopback to a proxy.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.trr.mode": 5,
    "marionette.port": 0,
}
REFUSES_THIRD_PARTIES: dict[str, Value] = {"network__cookie__cookieBehavior": 1}
"""Instead of Total Cookie Protection, the default, which keeps them apart for each site that frames."""
VISIBLE = "const e = document.querySelector(arguments[0]); return e !== null && e.getClientRects().length > 0"

CHOOSE = """
for (const [name, value] of Object.entries(arguments[0])) {
  const kind = {boolean: 'Bool', number: 'Int', string: 'String'}[typeof value];
  Services.prefs[`set${kind}Pref`](name, value);
}
"""
FORGET = """
for (const name of arguments[0]) Services.prefs.clearUserPref(name);
return new Promise((resolve) =>
  Services.clearData.deleteData(Ci.nsIClearDataService.CLEAR_ALL, {onDataDeleted: () => resolve(null)}));
"""
SHADOWED = """
const tree = arguments[1] ? document.querySelector(arguments[1])?.shadowRoot : document;
const frame = tree?.querySelector(arguments[0]) ?? null;
return frame && getComputedStyle(frame).visibility === 'visible' ? frame : null;
"""


class Firefox:
    """One window of it, as a person uses it."""

    def __init__(self, marionette: Marionette) -> None:
        self._do = marionette.command
        self._do("WebDriver:NewSession", capabilities={"alwaysMatch": {"pageLoadStrategy": "normal"}})
        patience = int(PATIENCE_SECONDS * 1000)
        self._do("WebDriver:SetTimeouts", script=patience, pageLoad=patience, implicit=0)

    @contextmanager
    def anew(self, **preferences: Value) -> Iterator[Firefox]:
        """Without a past, with these preferences (`__` in a name stands for a dot) until the block ends."""
        chosen = {name.replace("__", "."): value for name, value in preferences.items()}
        self.chrome(CHOOSE, chosen)
        try:
            yield self
        finally:
            self.open("about:blank")
            self.chrome(FORGET, list(chosen))

    def open(self, address: str) -> None:
        """Type an address, and wait until the page has loaded."""
        self._do("WebDriver:SwitchToFrame", id=None)
        self._do("WebDriver:Navigate", url=address)

    def back(self) -> None:
        """The browser's own button."""
        self._do("WebDriver:SwitchToFrame", id=None)
        self._do("WebDriver:Back")

    def see(self, selector: str) -> str:
        """Wait until this is shown in the current document; a reference to it."""
        self.wait(lambda: self.script(VISIBLE, selector), selector)
        found: dict[str, str] = self._do("WebDriver:FindElement", using="css selector", value=selector)
        return found[ELEMENT]

    def text(self, selector: str) -> str:
        """What a person reads there."""
        return str(self._do("WebDriver:GetElementText", id=self.see(selector)))

    def click(self, selector: str) -> None:
        """With the mouse: user activation."""
        self._do("WebDriver:ElementClick", id=self.see(selector))

    def type(self, selector: str, keys: str) -> None:
        """With the keyboard: user activation."""
        self._do("WebDriver:ElementSendKeys", id=self.see(selector), text=keys)

    def fill(self, fields: dict[str, str]) -> None:
        """Type into inputs by their names."""
        for name, value in fields.items():
            self.type(f"input[name={name}]", value)

    def script(self, body: str, *arguments: Any) -> Any:
        """What it returns in the current document (a promise: what it becomes); it gives no user activation."""
        return self._do("WebDriver:ExecuteScript", script=body, args=list(arguments), sandbox="test", newSandbox=False)

    def chrome(self, body: str, *arguments: Any) -> Any:
        """What it returns with the rights of the browser itself."""
        self._do("Marionette:SetContext", value="chrome")
        try:
            return self._do("WebDriver:ExecuteScript", script=body, args=list(arguments))
        finally:
            self._do("Marionette:SetContext", value="content")

    def enter_frame(self, selector: str = "iframe", *, host: str = "") -> None:
        """From now on the current document is the one in this iframe of the current document, whatever its origin;
        with `host`, in this iframe of that element's shadow tree. A hidden one is waited for: nobody can type there."""
        self.wait(lambda: self.script(SHADOWED, selector, host), f"{host} {selector}")
        self._do("WebDriver:SwitchToFrame", element=self.script(SHADOWED, selector, host)[ELEMENT])

    def leave_frames(self) -> None:
        """From now on the current document is the page's own."""
        self._do("WebDriver:SwitchToFrame", id=None)

    @property
    def address(self) -> str:
        """Of the page, as the address bar shows it."""
        return str(self._do("WebDriver:GetCurrentURL"))

    def arrive(self, start: str) -> str:
        """Wait until the page's address begins so; it, once the page has loaded."""
        self.leave_frames()
        self.wait(lambda: self.address.startswith(start), start)
        self.wait(lambda: self.script("return document.readyState") == "complete", "a loaded page")
        return self.address

    def cookies(self, host: str) -> list[dict[str, str]]:
        """Name, partition and value of every cookie of this host, also those that a frame stored."""
        found: list[dict[str, str]] = self.chrome(
            "return Services.cookies.cookies.filter(c => c.rawHost === arguments[0])"
            ".map(c => ({name: c.name, value: c.value, partition: c.originAttributes.partitionKey}))",
            host,
        )
        return found

    def wait(self, condition: Callable[[], Any], wanted: str) -> None:
        """Until it holds; while a page goes away under a question, the question is asked again."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with suppress(FirefoxError):
                if condition():
                    return
            assert time.monotonic() < deadline, f"{wanted} was waited for in vain at {self.address}"
            let_others_run()


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """A running one, in a fresh profile in this folder."""
    profile = folder / "firefox"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in QUIET.items()]
    (profile / "user.js").write_text("".join(lines))
    with _process(profile) as process:
        marionette = Marionette(_port(process, profile / "MarionetteActivePort"))
        try:
            yield Firefox(marionette)
        finally:
            marionette.close()


@contextmanager
def _process(profile: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    assert program, "Firefox is not here: .ci/interop installs it"
    command = [program, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote"]
    home = {"HOME": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1", "XDG_CACHE_HOME": str(profile / "cache")}
    with (profile / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--profile", str(profile)], env={**os.environ, **home}, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(process: subprocess.Popen[bytes], told: Path) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (told.exists() and told.read_text().strip()):
        assert process.poll() is None, told.with_name("log").read_text()
        assert time.monotonic() < deadline, "Firefox does not start"
        let_others_run()
    return int(told.read_text())
