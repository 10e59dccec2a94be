"""deploy/nginx as shipped, in a real nginx before a real gateway."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from threading import Event
from urllib.parse import quote

import pytest

from idp.cli.processes import Processes, answers
from tests.conformance.certificates import new_authority
from tests.conformance.proxy import ROOT, nginx_command, write_configuration
from tests.conformance.running import running, target_under
from tests.conformance.target import CLIENTS_CA, Target, site
from tests.ports import free_ports

SLOW_BODIES = 64
THREADS = "4"
FORM = "application/x-www-form-urlencoded"
COMMON_HEAD = "HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with running(target_under(tmp_path_factory.mktemp("n")), IDP_THREADS=THREADS) as target:
        yield target


def tls(target: Target) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=target.folder / "tls" / "ca.pem")


def ask(target: Target, method: str, path: str, body: str = "", **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPSConnection("localhost", target.port, context=tls(target), timeout=10)
    try:
        kind = {"Content-Type": FORM} if method == "POST" else {}
        connection.request(method, path, body or None, {**kind, **headers})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def test_the_gateway_answers_through_nginx_under_its_own_name(target: Target) -> None:
    answer, body = ask(target, "GET", "/.well-known/openid-configuration")
    assert (answer.status, json.loads(body)["issuer"]) == (200, target.issuer)


def test_plain_http_is_sent_to_https(target: Target) -> None:
    connection = HTTPConnection("127.0.0.1", target.plain_port, timeout=10)
    connection.request("GET", "/authorize?a=b", headers={"Host": "localhost"})
    answer = connection.getresponse()
    connection.close()
    assert (answer.status, answer.headers["Location"]) == (301, f"{target.issuer}/authorize?a=b")


def test_answers_carry_hsts(target: Target) -> None:
    assert "max-age=" in ask(target, "GET", "/health/live")[0].headers["Strict-Transport-Security"]


def test_half_sent_bodies_wait_in_nginx_and_not_in_the_gateway(target: Target) -> None:
    """Slow bodies (R.U.D.Y.): 64 of them against 4 threads leave /token answering."""
    with ExitStack() as stack:
        for _ in range(SLOW_BODIES):
            raw = socket.create_connection(("127.0.0.1", target.port), timeout=10)
            slow = stack.enter_context(tls(target).wrap_socket(raw, server_hostname="localhost"))
            slow.sendall(half_a_body())
        answer, body = ask(target, "POST", "/token", "grant_type=authorization_code&code=x&client_id=nobody")
    assert (answer.status, json.loads(body)["error"]) == (401, "invalid_client")


def test_a_chunked_body_arrives_whole(target: Target) -> None:
    """RFC 9112 section 7.1: nginx reads the chunks and hands on one body with its length."""
    form = b"grant_type=client_credentials&client_id=nobody&client_secret=x"
    chunks = (form[at : at + 7] for at in range(0, len(form), 7))
    connection = HTTPSConnection("localhost", target.port, context=tls(target), timeout=10)
    connection.request("POST", "/token", chunks, {"Content-Type": FORM}, encode_chunked=True)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    assert (answer.status, told["error"]) == (401, "invalid_client"), (
        "read to its end: the grant and the client were seen"
    )


def test_a_chunked_body_past_every_limit_stays_outside(target: Target) -> None:
    connection = HTTPSConnection("localhost", target.port, context=tls(target), timeout=10)
    chunks = (b"x" * 7_000 for _ in range(10))
    connection.request("POST", "/token", chunks, {"Content-Type": FORM}, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_without_nginx_they_hold_every_thread(target: Target) -> None:
    """The control: straight at the gateway's socket, the same bodies leave nobody to answer.

    A request may still overtake bodies that wait for their thread. They never give it back, so a later one waits.
    """
    with ExitStack() as stack:
        for _ in range(SLOW_BODIES):
            stack.enter_context(direct(target)).sendall(half_a_body())
        assert any(is_left_waiting(stack.enter_context(direct(target))) for _ in range(SLOW_BODIES))


def is_left_waiting(patient: socket.socket) -> bool:
    """Whether a request that needs a thread gets no answer for two seconds."""
    patient.settimeout(2)
    patient.sendall(f"GET /account/sessions {COMMON_HEAD}\r\n".encode())
    try:
        assert patient.recv(12) == b"HTTP/1.1 303"
    except TimeoutError:
        return True
    return False


def half_a_body() -> bytes:
    return f"POST /token {COMMON_HEAD}Content-Type: {FORM}\r\nContent-Length: 1000\r\n\r\ngrant_type=".encode()


def direct(target: Target) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(target.socket))
    return connection


def test_a_request_line_of_16_kib_reaches_the_gateway(target: Target) -> None:
    answer, _ = ask(target, "GET", "/authorize?" + "x" * (16 * 1024 - 40))
    assert answer.status != 414


def test_a_body_past_every_limit_stays_outside(target: Target) -> None:
    assert ask(target, "POST", "/token", "x" * 70_000)[0].status == 413


def test_a_client_certificate_is_passed_on_and_cannot_be_invented(target: Target) -> None:
    """Only nginx names the certificate: on the public name the header is emptied, on the other it is what TLS saw."""
    written = (ROOT / "deploy" / "nginx" / "mire.conf").read_text()
    assert written.count('proxy_set_header X-Client-Certificate "";') == 1
    assert written.count("proxy_set_header X-Client-Certificate $ssl_client_escaped_cert;") == 1
    context = tls(target)
    context.load_cert_chain(target.folder / "tls" / "client-1.pem", target.folder / "tls" / "client-1.key")
    connection = HTTPSConnection("localhost", target.mutual_tls_port, context=context, timeout=10)
    connection.request("GET", "/health/live")
    status = connection.getresponse().status
    connection.close()
    assert status == 200


TLS_CLIENT = "conformance-tls-client-auth-1"


def error_of(target: Target, port: int, context: ssl.SSLContext, **headers: str) -> str:
    """What the client hears of a code that is none: `invalid_grant` once it is known, `invalid_client` if not."""
    connection = HTTPSConnection("localhost", port, context=context, timeout=10)
    body = f"grant_type=authorization_code&code=x&redirect_uri=https%3A%2F%2Fx&client_id={TLS_CLIENT}"
    connection.request("POST", "/token", body, {"Content-Type": FORM, **headers})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return str(answer["error"])


def showing(target: Target, folder: Path, written: dict[str, str]) -> ssl.SSLContext:
    """A client that shows this certificate."""
    folder.mkdir(exist_ok=True)
    (folder / "shown.pem").write_text(written["cert"] + written["key"])
    context = tls(target)
    context.load_cert_chain(folder / "shown.pem")
    return context


def test_a_certificate_counts_under_the_clients_own_authority_only(target: Target, tmp_path: Path) -> None:
    """RFC 8705 section 6.3, the attack: nginx (`optional_no_ca`) passes on the same name made by somebody else."""
    own = json.loads((target.folder / f"{TLS_CLIENT}.certificate.json").read_text())
    pem, key = new_authority(tmp_path, CLIENTS_CA).issue(tmp_path, TLS_CLIENT)
    forged = showing(target, tmp_path / "forged", {"cert": pem.read_text(), "key": key.read_text()})
    assert error_of(target, target.mutual_tls_port, forged) == "invalid_client"
    assert error_of(target, target.mutual_tls_port, tls(target)) == "invalid_client"
    assert error_of(target, target.mutual_tls_port, showing(target, tmp_path / "own", own)) == "invalid_grant"


def test_a_client_cannot_write_the_certificate_itself(target: Target, tmp_path: Path) -> None:
    """RFC 8705 section 6.5: nginx overwrites the header, on both names."""
    own = json.loads((target.folder / f"{TLS_CLIENT}.certificate.json").read_text())
    invented = {"X-Client-Certificate": quote(own["cert"], safe="")}
    for port in (target.port, target.mutual_tls_port):
        assert error_of(target, port, tls(target), **invented) == "invalid_client"
    shown = showing(target, tmp_path, own)
    assert error_of(target, target.mutual_tls_port, shown, **invented) == "invalid_grant", "the control"


def test_while_the_gateway_is_away_nginx_says_when_to_come_back(tmp_path: Path) -> None:
    alone = Target(tmp_path / "alone", *free_ports(3))
    configuration = write_configuration(site(alone))
    processes = Processes(alone.folder, {})
    try:
        processes.start("nginx", nginx_command(configuration))
        processes.wait_until(lambda: answers(alone.plain_port, "/"), Event())
        answer, _ = ask(alone, "GET", "/authorize")
    finally:
        processes.stop()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


def test_the_gateway_believes_the_scheme_of_nginx(target: Target) -> None:
    """Proxy headers come from our own hop: a page's links and cookies are those of https."""
    answer, _ = ask(target, "GET", "/account/sessions", **{"X-Forwarded-Proto": "http"})
    cookies = answer.headers.get_all("Set-Cookie") or []
    assert [cookie for cookie in cookies if "Secure" not in cookie] == []
