"""Handing one mail to an SMTP server, or to a folder as an .eml file."""

from __future__ import annotations

import os
import smtplib
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from idp.domain.platform.messages import Delivery, Mail

TIMEOUT_SECONDS = 20
DEFAULT_PORTS = {"smtp": 25, "smtps": 465}


class Mailer:
    """`smtp://` (STARTTLS when offered), `smtps://`, or `file:///folder`."""

    def __init__(self, url: str, sender: str, ca_file: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps", "file"):
            raise ValueError("IDP_SMTP_URL must start with smtp://, smtps:// or file:///")
        if not is_address(sender):
            raise ValueError(f"IDP_MAIL_FROM={sender} is not a mail address")
        self._scheme = parts.scheme
        self._folder = Path(unquote(parts.path))
        self._host = parts.hostname or "localhost"
        self._port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender
        self._ca_file = ca_file

    def send(self, mail: Mail) -> Delivery:
        """Try once."""
        try:
            message = to_message(mail, self._sender)
        except ValueError:
            return Delivery(False, permanent=True, reason="not an address")
        return self._write(mail, message) if self._scheme == "file" else self._submit(message)

    def _write(self, mail: Mail, message: EmailMessage) -> Delivery:
        """Whole or not at all, under the same name at every try."""
        name = f"{mail.written_at}-{mail.message}-{mail.message_id.partition('@')[0].strip('<')}.eml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial = self._folder / f".{name}.part"
            partial.write_bytes(message.as_bytes())
            os.replace(partial, self._folder / name)
        except OSError as error:
            return Delivery(False, reason=f"file: {os.strerror(error.errno or 0)}")
        return Delivery(True)

    def _submit(self, message: EmailMessage) -> Delivery:
        try:
            server = self._connect()
            try:
                server.send_message(message)
            finally:
                _part(server)
            return Delivery(True)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            return _refused(max(codes))
        except smtplib.SMTPResponseException as error:
            return _refused(error.smtp_code)
        except smtplib.SMTPNotSupportedError:
            return Delivery(False, permanent=True, reason="smtp: the server lacks what this mail needs")
        except (smtplib.SMTPException, OSError) as error:  # ssl.SSLError is an OSError
            return Delivery(False, reason=f"smtp: {type(error).__name__}")

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context(cafile=self._ca_file or None)
        if self._scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls"):
                server.starttls(context=context)
            elif self._user:  # an attacker between us can hide STARTTLS; the password never goes in clear
                server.close()
                raise smtplib.SMTPException("STARTTLS is not offered")
        if self._user:
            server.login(self._user, self._password)
        return server


def _part(server: smtplib.SMTP) -> None:
    """Say goodbye. Whatever comes back, a mail that was accepted is accepted: smtplib's own `with` would raise."""
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def _refused(code: int) -> Delivery:
    return Delivery(False, permanent=code >= 500, reason=f"smtp {code}")


def is_address(text: str) -> bool:
    """Whether it can stand in a From or To header by itself (RFC 5322 section 3.4.1)."""
    try:
        return text.isprintable() and text.count("@") == 1 and Address(addr_spec=text).domain != ""
    except (ValueError, IndexError, HeaderParseError):
        return False


def to_message(mail: Mail, sender: str) -> EmailMessage:
    """The mail as RFC 5322 text with an HTML alternative.

    Raises:
        ValueError: a header would hold a line break, or the recipient is no address.
    """
    if not is_address(mail.recipient):
        raise ValueError("not an address")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=mail.sender_name, addr_spec=sender)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(mail.written_at / 1000, UTC))
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


class QuietMailer(Mailer):
    """Keeps what it was given; `answers` are how the next tries end, delivered when there are none."""

    def __init__(self) -> None:
        super().__init__("file:///dev/null", "mire@localhost")
        self.sent: list[Mail] = []
        self.answers: list[Delivery] = []

    def send(self, mail: Mail) -> Delivery:
        delivery = self.answers.pop(0) if self.answers else Delivery(True)
        if delivery.delivered:
            self.sent.append(mail)
        return delivery
