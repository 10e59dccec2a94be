"""Chromium as people have it: its own launcher, a profile of its own, and no third-party cookies.

Playwright's launcher switches storage partitioning off, so the process is started here and only driven by Playwright.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "about:blank",
]
BLOCKING = {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
"""Preferences by which a person blocks third-party cookies, and Chromium does by default in private windows."""
ALLOWING = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
LISTENING = re.compile(rb"DevTools listening on (ws://\S+)")


@contextlib.contextmanager
def running_chromium(executable: str, profile: Path, preferences: dict[str, object] = BLOCKING) -> Iterator[str]:
    """The address at which it is driven; `profile` is an empty folder."""
    (profile / "Default").mkdir(parents=True)
    (profile / "Default" / "Preferences").write_text(json.dumps(preferences))
    command = [executable, *SWITCHES[:-1], f"--user-data-dir={profile}", SWITCHES[-1]]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            said = next(filter(None, map(LISTENING.search, process.stderr)), None)
            assert said is not None, "Chromium ended before it listened"
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield said[1].decode()
        finally:
            process.terminate()
            process.wait(10)
