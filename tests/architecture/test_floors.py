"""The house's one law: arrows go down, never up, never sideways; and who may touch which library."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "idp"
WINGS = ("platform", "people", "rights", "sign_in", "portals")
WINGED_FLOORS = ("domain", "store", "usecases", "web")
MAY_IMPORT = {
    "domain": {"domain"},
    "settings": {"domain", "settings"},
    "store": {"domain", "store"},
    "adapters": {"domain", "adapters"},
    "usecases": {"domain", "store", "adapters", "usecases"},
    "http": {"domain", "usecases", "http"},
    "oauth": {"domain", "usecases", "http", "oauth"},
    "web": {"domain", "usecases", "http", "web"},
    "api": {"domain", "usecases", "http", "api"},
    "jobs": {"domain", "usecases", "jobs"},
    "__main__": {"cli"},
    "cli": {"domain", "usecases", "store", "adapters", "settings", "wiring", "cli", "jobs"},
}
LIBRARIES = {
    "authlib": {"oauth"},
    "sqlalchemy": {"store"},
    "flask_sqlalchemy": {"store"},
    "alembic": {"store"},
    "joserfc": {"adapters"},
    "bcrypt": {"adapters"},
    "cryptography": {"adapters"},
    "webauthn": {"adapters"},
    "wtforms": {"web", "http"},
    "flask_wtf": {"web", "http"},
    "click": {"cli", "jobs"},
    "flask": {"http", "oauth", "web", "api", "wiring"},
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def floor_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node


def breaks_floor(path: Path, name: str) -> bool:
    floor = floor_of(path)
    parts = name.split(".")
    if parts[0] != "idp" or floor in ("__init__", "wiring"):
        return False
    return len(parts) < 2 or parts[1] not in MAY_IMPORT[floor]


def breaks_wing(path: Path, name: str) -> bool:
    here = path.relative_to(PACKAGE).parts
    there = name.split(".")[1:]
    if here[0] not in WINGED_FLOORS or len(here) < 3 or len(there) < 2 or there[0] not in WINGED_FLOORS:
        return False
    if here[1] not in WINGS or there[1] not in WINGS:
        return False
    return WINGS.index(there[1]) > WINGS.index(here[1])


def breaks_library(path: Path, name: str) -> bool:
    allowed = LIBRARIES.get(name.split(".")[0])
    floor = floor_of(path)
    if floor == "wiring" and name.split(".")[0] == "flask":
        return False
    return allowed is not None and floor not in allowed


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_arrows_go_down_and_libraries_stay_in_their_room(path: Path) -> None:
    wrong = [
        name
        for name, _ in imports(path)
        if breaks_floor(path, name) or breaks_wing(path, name) or breaks_library(path, name)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_no_import_hides_in_a_function(path: Path) -> None:
    hidden = [
        ast.unparse(inner)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_use_cases_never_call_use_cases_of_another_file_by_their_own_transaction() -> None:
    """A file of use cases imports from its floor only deps and steps that take the open transaction."""
    for path in (PACKAGE / "usecases").rglob("*.py"):
        for name, _ in imports(path):
            if name.startswith("idp.usecases.") and not name.startswith("idp.usecases.deps"):
                module = PACKAGE.parent / (name.rpartition(".")[0].replace(".", "/") + ".py")
                function = name.rpartition(".")[2]
                if not module.exists():
                    continue
                for node in ast.parse(module.read_text()).body:
                    if isinstance(node, ast.FunctionDef) and node.name == function:
                        opens = {"transaction", "read"} & {
                            call.func.attr
                            for call in ast.walk(node)
                            if isinstance(call, ast.Call)
                            and isinstance(call.func, ast.Attribute)
                            and isinstance(call.func.value, ast.Name)
                            and call.func.value.id == "deps"
                        }
                        assert not opens, f"{dotted(path)} calls the use case {name}"


@pytest.mark.parametrize("floor", WINGED_FLOORS)
def test_each_winged_floor_has_the_same_five_wings(floor: str) -> None:
    assert [wing for wing in WINGS if (PACKAGE / floor / wing / "__init__.py").exists()] == list(WINGS)


def test_the_law_catches_what_it_forbids() -> None:
    """The control: each kind of breach is seen."""
    assert breaks_floor(PACKAGE / "domain/people/siret.py", "idp.store.people.accounts.find")
    assert breaks_floor(PACKAGE / "oauth/token.py", "idp.web.sign_in.page.view")
    assert breaks_floor(PACKAGE / "web/sign_in/page.py", "idp.store.people.accounts.find")
    assert breaks_wing(PACKAGE / "usecases/people/accounts.py", "idp.usecases.portals.tokens.refresh")
    assert breaks_library(PACKAGE / "web/sign_in/page.py", "authlib.oauth2.rfc6749")
    assert not breaks_wing(PACKAGE / "usecases/portals/tokens.py", "idp.store.people.accounts.find")
