"""What our Flask leaves out may not be missed by anyone."""

from __future__ import annotations

import inspect

from flask import url_for

from idp.store.database import Database
from tests.quiet import quiet_app, quiet_deps


def test_no_view_and_no_hook_is_a_coroutine(database: Database) -> None:
    app = quiet_app(quiet_deps(database))
    hooks = [hook for kind in (app.before_request_funcs, app.after_request_funcs) for hook in kind.get(None, ())]
    assert hooks
    assert not [func for func in (*app.view_functions.values(), *hooks) if inspect.iscoroutinefunction(func)]


def test_a_view_can_write_the_address_of_another(database: Database) -> None:
    with quiet_app(quiet_deps(database)).test_request_context():
        assert "/end-session" == url_for("end_session.get_end_session")
