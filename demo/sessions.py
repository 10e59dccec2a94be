"""A portal's own sessions, kept on its server: only so can a back-channel logout end them.

The cookie holds a random identifier and nothing else.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.datastructures import CallbackDict

COOKIE = "portal_session"
LIFE_SECONDS = 12 * 3600
IDLE_SECONDS = 3600


class PortalSession(CallbackDict[str, Any], SessionMixin):
    """What the portal remembers of one browser."""

    def __init__(self, identifier: str, content: dict[str, Any], *, new: bool) -> None:
        self.identifier = identifier
        self.new = new
        self.accessed = True
        self.modified = False
        super().__init__(content, on_update=lambda session: setattr(session, "modified", True))


class SessionStore(SessionInterface):
    """The sessions of one portal, in the memory of its one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[str, tuple[float, float, dict[str, Any]]] = {}

    def open_session(self, app: Flask, request: Request) -> PortalSession:
        """The browser's session, or an empty one under a new identifier."""
        identifier = request.cookies.get(COOKIE, "")
        now = time.time()
        with self._lock:
            self._sweep(now)
            known = self._sessions.get(identifier)
            if known is None:
                return PortalSession(secrets.token_urlsafe(32), {}, new=True)
            born, _, content = known
            self._sessions[identifier] = (born, now, content)
        return PortalSession(identifier, dict(content), new=False)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep what changed. A session that was ended meanwhile stays ended."""
        if not isinstance(session, PortalSession) or not session.modified:
            return
        now = time.time()
        with self._lock:
            if not session.new and session.identifier not in self._sessions:
                return
            born = self._sessions.get(session.identifier, (now, now, {}))[0]
            self._sessions[session.identifier] = (born, now, dict(session))
        response.set_cookie(COOKIE, session.identifier, httponly=True, samesite="Lax", max_age=LIFE_SECONDS)
        response.headers["Cache-Control"] = "no-store"

    def renew(self, session: PortalSession) -> None:
        """A new identifier at sign-in: one that an attacker planted before is worth nothing (session fixation)."""
        with self._lock:
            self._sessions.pop(session.identifier, None)
        session.identifier = secrets.token_urlsafe(32)
        session.new = True
        session.modified = True

    def end(self, *, sid: str = "", subject: str = "") -> int:
        """End every session of that gateway session, or of that person; returns how many."""
        with self._lock:
            ended = [
                identifier
                for identifier, (_, _, content) in self._sessions.items()
                if (sid and content.get("sid") == sid) or (subject and not sid and content.get("sub") == subject)
            ]
            for identifier in ended:
                del self._sessions[identifier]
        return len(ended)

    def _sweep(self, now: float) -> None:
        for identifier, (born, seen, _) in list(self._sessions.items()):
            if now - born > LIFE_SECONDS or now - seen > IDLE_SECONDS:
                del self._sessions[identifier]
