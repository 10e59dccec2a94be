"""The outbound client cannot be turned against us. Each attack has a control that shows it would work."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from idp.adapters.outbound import Outbound, OutboundAnswer, OutboundFailure, OutboundRefusal
from idp.adapters.outbound_network import system_resolver

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
Script = Callable[[Any], None]


def say(answer: bytes) -> Script:
    def script(connection: Any) -> None:
        connection.sendall(answer)

    return script


class Inside:
    """A service of the inner network: answers as told, and counts who reached it."""

    def __init__(self, script: Script, context: ssl.SSLContext | None) -> None:
        self.script = script
        self.context = context
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.answer, args=(connection,), daemon=True).start()
            except OSError:
                return

    def answer(self, raw: socket.socket) -> None:
        try:
            with self.context.wrap_socket(raw, server_side=True) if self.context else raw as connection:
                self.requests.append(whole_request(connection))
                self.script(connection)
        except OSError:
            raw.close()


def whole_request(connection: Any) -> bytes:
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
        head, found, body = received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0"
        if found and len(body) >= int(length):
            break
    return received


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for portal.test and 127.0.0.1 that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "portal.test")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("portal.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "portal.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + built.public_bytes(Encoding.PEM))
    return path


@contextmanager
def serving(script: Script, certificate: Path | None = None) -> Iterator[Inside]:
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    inside = Inside(script, context)
    try:
        yield inside
    finally:
        inside.listener.close()


def to(*addresses: str) -> Callable[[str, int], list[str]]:
    return lambda _host, _port: list(addresses)


def client(certificate: Path, *allow: str, addresses: tuple[str, ...] = ("127.0.0.1",), **options: Any) -> Outbound:
    return Outbound(allow, str(certificate), resolver=to(*addresses), **options)


FORBIDDEN = OutboundFailure(OutboundRefusal.FORBIDDEN)


def test_a_listed_partner_is_reached_over_tls_and_its_name_is_checked(certificate: Path) -> None:
    with serving(say(OK), certificate) as inside:
        allow = f"portal.test:{inside.port}"
        answer = client(certificate, allow).post_form(f"https://portal.test:{inside.port}/bye?a=1", {"a": "é&"})
        assert isinstance(answer, OutboundAnswer)
        assert (answer.status, answer.body) == (200, b"{}")
        assert inside.requests[0].startswith(b"POST /bye?a=1 HTTP/1.1\r\n")
        assert inside.requests[0].endswith(b"a=%C3%A9%26")
        other = client(certificate, f"other.test:{inside.port}").get(f"https://other.test:{inside.port}/")
        assert other == OutboundFailure(OutboundRefusal.UNREACHABLE)


def test_an_unknown_authority_is_not_believed(certificate: Path) -> None:
    with serving(say(OK), certificate) as inside:
        answer = Outbound([f"portal.test:{inside.port}"], resolver=to("127.0.0.1")).get(
            f"https://portal.test:{inside.port}/"
        )
    assert answer == OutboundFailure(OutboundRefusal.UNREACHABLE)


@pytest.mark.parametrize("dressed", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_inside_is_refused(certificate: Path, dressed: str) -> None:
    with serving(say(OK), certificate) as inside:
        url = f"https://portal.test:{inside.port}/"
        assert client(certificate, addresses=(dressed,)).get(url) == FORBIDDEN
        assert inside.requests == []
        control = client(certificate, f"portal.test:{inside.port}", addresses=(dressed,)).get(url)
        assert isinstance(control, OutboundAnswer), "the control must reach it, or the refusal proves nothing"


def test_one_inner_address_among_public_ones_condemns_the_name(certificate: Path) -> None:
    with serving(say(OK), certificate) as inside:
        url = f"https://portal.test:{inside.port}/"
        assert client(certificate, addresses=("127.0.0.1", "8.8.8.8")).get(url) == FORBIDDEN
        assert inside.requests == []


def test_a_name_is_resolved_once_so_that_it_cannot_change_after_the_check(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([["93.184.215.14"], ["127.0.0.1"], ["127.0.0.1"]])
    reached: list[str] = []

    def connect(_self: object, host: str, *_: object, **__: object) -> httpcore.NetworkStream:
        reached.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    rebinding = Outbound(resolver=lambda _host, _port: next(answers))
    assert rebinding.get("https://portal.test/") == OutboundFailure(OutboundRefusal.UNREACHABLE)
    assert reached == ["93.184.215.14"]
    assert next(answers) == ["127.0.0.1"], "the control: who asks again is led inside"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(certificate: Path, status: int) -> None:
    with serving(say(OK)) as secret:
        location = f"http://127.0.0.1:{secret.port}/secret"
        redirect = f"HTTP/1.1 {status} Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
        with serving(say(redirect), certificate) as portal:
            outbound = client(certificate, "127.0.0.1/32")
            answer = outbound.get(f"https://portal.test:{portal.port}/")
            assert isinstance(answer, OutboundAnswer)
            assert (answer.status, secret.requests) == (status, [])
            outbound.get(location)
            assert len(secret.requests) == 1, "the control: the place it points to can be reached"


def test_an_answer_without_end_is_cut_off(certificate: Path) -> None:
    def flood(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    def just_fits(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 262144\r\n\r\n" + b"x" * 262144)

    for script, expected in ((flood, OutboundFailure), (just_fits, OutboundAnswer)):
        with serving(script, certificate) as portal:
            answer = client(certificate, "127.0.0.1/32").get(f"https://portal.test:{portal.port}/")
            assert isinstance(answer, expected)
            if isinstance(answer, OutboundFailure):
                assert answer.reason is OutboundRefusal.TOO_LARGE


def test_endless_headers_are_cut_off(certificate: Path) -> None:
    def flood(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")

    with serving(flood, certificate) as portal:
        answer = client(certificate, "127.0.0.1/32").get(f"https://portal.test:{portal.port}/")
    assert answer == OutboundFailure(OutboundRefusal.UNREACHABLE)


def drip(connection: Any) -> None:
    """A byte now and then: every single read is quick, the whole never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        connection.sendall(b"x")
        threading.Event().wait(0.05)


def silent(connection: Any) -> None:
    connection.recv(1)


@pytest.mark.parametrize("script", [drip, silent])
def test_a_slow_partner_holds_us_no_longer_than_the_deadline(certificate: Path, script: Script) -> None:
    with serving(script, certificate) as portal:
        before = time.monotonic()
        answer = client(certificate, "127.0.0.1/32", deadline_seconds=0.5).get(f"https://portal.test:{portal.port}/")
        assert answer == OutboundFailure(OutboundRefusal.TOO_SLOW)
        assert time.monotonic() - before < 2


def test_a_timeout_for_each_read_would_not_stop_a_drip(certificate: Path) -> None:
    """The control of the drip: the library's own timeouts are for one read, and each is quick."""
    with serving(drip, certificate) as portal, httpcore.ConnectionPool() as pool:
        url = f"https://portal.test:{portal.port}/"
        plain = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(cafile=str(certificate)), network_backend=LedInside()
        )
        before = time.monotonic()
        with plain, plain.stream("GET", url, extensions={"timeout": {"read": 0.2, "connect": 1}}) as response:
            for _ in response.iter_stream():
                if time.monotonic() - before > 1:
                    break
        assert time.monotonic() - before > 1
        assert pool.connections == []


class LedInside(httpcore.SyncBackend):
    """Believes every name to be on this machine."""

    def connect_tcp(self, host: str, *others: Any, **options: Any) -> httpcore.NetworkStream:
        return super().connect_tcp("127.0.0.1", *others, **options)


def test_a_name_server_that_stalls_holds_us_no_longer_than_the_deadline() -> None:
    release = threading.Event()

    def stall(_host: str, _port: int) -> list[str]:
        release.wait(30)
        return ["8.8.8.8"]

    try:
        stalled = Outbound(resolver=stall, deadline_seconds=0.2).get("https://portal.test/")
        assert stalled == OutboundFailure(OutboundRefusal.TOO_SLOW)
    finally:
        release.set()


@pytest.mark.parametrize(
    "url",
    [
        "http://portal.test/", "ftp://portal.test/", "file:///etc/passwd", "https://", "https:portal.test",
        "https://user:password@portal.test/", "https://portal.test:99999/", "https://portal.test\r\nX: y/",
        "https://pörtal.test/", "", "gopher://x", "//portal.test/", "https://[::1/",
    ],
)  # fmt: skip
def test_what_is_not_plainly_https_is_not_even_looked_up(url: str) -> None:
    def never(_host: str, _port: int) -> list[str]:
        raise AssertionError

    assert Outbound(resolver=never).get(url) == FORBIDDEN


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://0x7f.1/", "https://2130706433/"])
def test_an_inner_address_by_number_is_refused_in_every_spelling(url: str) -> None:
    assert Outbound(deadline_seconds=5).get(url) == FORBIDDEN


def test_plain_http_reaches_exactly_what_is_listed() -> None:
    with serving(say(OK)) as inside, serving(say(OK)) as neighbour:
        outbound = Outbound([f"127.0.0.1:{inside.port}"])
        assert isinstance(outbound.get(f"http://127.0.0.1:{inside.port}/"), OutboundAnswer)
        assert outbound.get(f"http://127.0.0.1:{neighbour.port}/") == FORBIDDEN
        assert neighbour.requests == []


def test_a_proxy_of_the_environment_is_not_asked(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(say(OK), certificate) as portal, serving(say(OK)) as proxy:
        for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert isinstance(
            client(certificate, "127.0.0.1/32").get(f"https://portal.test:{portal.port}/"), OutboundAnswer
        )
        assert proxy.requests == []


def test_a_partner_that_is_away_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert Outbound(["127.0.0.1/32"]).get(f"http://127.0.0.1:{port}/") == OutboundFailure(OutboundRefusal.UNREACHABLE)


@pytest.mark.parametrize("name", ["localhost", "guichet-paie.localhost"])
def test_names_under_localhost_are_this_machine_and_not_allowed_by_that(name: str) -> None:
    """RFC 6761 section 6.3; as addresses of ours they are forbidden until they are listed."""
    assert system_resolver(name, 80) == ["127.0.0.1"]
    answer = Outbound([]).get_page(f"http://{name}:9/")
    assert not isinstance(answer, OutboundAnswer)
