"""Mails reach a real SMTP server or a folder; a password never goes in clear; headers cannot be forged."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from idp.adapters.mailer import Mailer
from idp.domain.platform.instants import Instant
from idp.domain.platform.messages import Delivery, Mail, Message

MAIL = Mail(
    message=Message.PASSWORD_CHANGED,
    recipient="claire@example.fr",
    sender_name="Guichet été",
    subject="Votre mot de passe a été changé",
    text="Bonjour Claire,\nc'est fait.\n.\nAdieu\n",
    html="<p>Bonjour</p>",
    message_id="<1.2@connexion.example.fr>",
    written_at=Instant(1_790_000_000_000),
)


class Server:
    """A small SMTP server for one connection, which answers as told and remembers what it heard."""

    def __init__(self, replies: dict[str, bytes], extensions: tuple[bytes, ...] = ()) -> None:
        self.replies = replies
        self.extensions = extensions
        self.heard: list[bytes] = []
        self.data = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]

    def serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rwb") as stream:
            self.say(stream, b"220 hello")
            for line in stream:
                self.heard.append(line.strip())
                word = line.strip().upper().split(b" ")[0].split(b":")[0].decode()
                if word == "EHLO":
                    for extension in self.extensions:
                        stream.write(b"250-" + extension + b"\r\n")
                    self.say(stream, b"250 SIZE 1000000")
                elif word == "DATA" and word not in self.replies:
                    self.say(stream, b"354 go on")
                    self.read_data(stream)
                    self.say(stream, self.replies.get("END", b"250 kept"))
                else:
                    self.say(stream, self.replies.get(word, b"250 fine"))
                    if word == "QUIT":
                        return

    def read_data(self, stream: object) -> None:
        for line in stream:  # type: ignore[attr-defined]
            if line == b".\r\n":
                return
            self.data += line[1:] if line.startswith(b"..") else line

    @staticmethod
    def say(stream: object, line: bytes) -> None:
        stream.write(line + b"\r\n")  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]


@contextmanager
def smtp(extensions: tuple[bytes, ...] = (), **replies: bytes) -> Iterator[Server]:
    server = Server(replies, extensions)
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        thread.join(10)
        server.listener.close()


def send(server: Server, user: str = "") -> Delivery:
    return Mailer(f"smtp://{user}127.0.0.1:{server.port}", "no-reply@example.fr").send(MAIL)


def test_a_mail_arrives_as_it_was_written() -> None:
    with smtp() as server:
        assert send(server) == Delivery(True)
    arrived = email.message_from_bytes(server.data, policy=email.policy.default)
    assert arrived["Subject"] == MAIL.subject
    assert arrived["From"] == "Guichet été <no-reply@example.fr>"
    assert arrived["Message-ID"] == MAIL.message_id
    body = arrived.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == MAIL.text


@pytest.mark.parametrize(
    ("replies", "permanent"),
    [
        ({"RCPT": b"450 later"}, False),
        ({"RCPT": b"550 nobody"}, True),
        ({"MAIL": b"451 later"}, False),
        ({"END": b"452 full"}, False),
        ({"END": b"554 spam"}, True),
    ],
)
def test_four_hundreds_are_tried_again_and_five_hundreds_are_not(replies: dict[str, bytes], permanent: bool) -> None:
    with smtp(**replies) as server:
        delivery = send(server)
    assert (delivery.delivered, delivery.permanent) == (False, permanent)
    assert "nobody" not in delivery.reason


def test_an_absent_server_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    delivery = Mailer(f"smtp://127.0.0.1:{port}", "no-reply@example.fr").send(MAIL)
    assert (delivery.delivered, delivery.permanent) == (False, False)


def test_a_password_is_not_sent_without_encryption_even_if_starttls_is_hidden() -> None:
    with smtp((b"AUTH PLAIN",)) as server:
        assert not send(server, "user:hunter22@").delivered
    assert not any(line.upper().startswith(b"AUTH") for line in server.heard)


def test_a_file_is_whole_and_the_same_at_every_try(tmp_path: Path) -> None:
    mailer = Mailer(f"file://{tmp_path}/out", "no-reply@example.fr")
    assert mailer.send(MAIL) == mailer.send(MAIL) == Delivery(True)
    files = list((tmp_path / "out").iterdir())
    assert len(files) == 1
    assert email.message_from_bytes(files[0].read_bytes())["To"] == "claire@example.fr"


@pytest.mark.parametrize(
    "recipient", ["a@b.fr\r\nBcc: c@d.fr", "nobody", "", "a@b@c", "a@", "@", "a b@c.fr", "a@b.fr\x00"]
)
def test_what_is_no_address_is_refused_for_ever(tmp_path: Path, recipient: str) -> None:
    delivery = Mailer(f"file://{tmp_path}", "no-reply@example.fr").send(replace(MAIL, recipient=recipient))
    assert delivery == Delivery(False, permanent=True, reason="not an address")


@pytest.mark.parametrize("url", ["http://x", "mail", ""])
def test_another_kind_of_address_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="IDP_SMTP_URL must start with"):
        Mailer(url, "no-reply@example.fr")


def test_a_mail_once_accepted_is_not_sent_again_whatever_the_server_says_at_goodbye() -> None:
    with smtp(QUIT=b"421 going down") as server:
        assert send(server) == Delivery(True)


@pytest.mark.parametrize("sender", ["nobody", "", "a@b.fr\nBcc: x@y.fr", "a b@c.fr"])
def test_a_sender_that_is_no_address_stops_the_start_rather_than_losing_every_mail(sender: str) -> None:
    with pytest.raises(ValueError, match="IDP_MAIL_FROM"):
        Mailer("smtp://127.0.0.1", sender)
