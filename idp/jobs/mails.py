"""The words of a mail: one text template per message and language, its first line the subject.

The HTML part is made from the same text, so the two cannot differ; the partner's theme signs both.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from idp.domain.platform.messages import Mail
from idp.domain.portals.themes import LOCALES
from idp.usecases.deps import Deps
from idp.usecases.platform.outbox import WaitingMessage

TEMPLATES = Environment(
    loader=PackageLoader("idp.jobs", "mail"),
    autoescape=False,  # noqa: S701 - plain text; the HTML part escapes every character of it
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=False,
)
LINK = re.compile(r"https?://[^\s<>\"]+")


def render_mail(deps: Deps, waiting: WaitingMessage) -> Mail:
    """The mail in the person's language and the partner's name.

    Raises:
        jinja2.UndefinedError: a fact that the template names is missing.
    """
    theme = deps.themes().find(waiting.theme)
    locale = waiting.locale if waiting.locale in LOCALES else LOCALES[0]
    texts = theme.mail_text(locale)
    words = _template(waiting.message, locale).render(
        waiting.facts, issuer=deps.issuer, portal=theme.display_name, help=texts.help, signature=texts.signature
    )
    subject, _, text = words.partition("\n")
    text = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
    host = urlsplit(deps.issuer).hostname
    return Mail(
        message=waiting.message,
        recipient=waiting.recipient,
        sender_name=texts.sender_name,
        subject=" ".join(subject.split()),
        text=text,
        html=to_html(text, subject, locale),
        message_id=f"<{waiting.created_at}.{waiting.id}@{host}>",
        written_at=waiting.created_at,
    )


def to_html(text: str, title: str, locale: str) -> str:
    """The text as a small HTML page: paragraphs and links, nothing loaded from anywhere."""
    paragraphs = (Markup("<p>{}</p>").format(_linked(part)) for part in text.strip().split("\n\n"))
    page = Markup(
        '<!DOCTYPE html>\n<html lang="{}"><head><meta charset="utf-8"><title>{}</title></head>\n'
        '<body style="font-family: sans-serif; line-height: 1.5; max-width: 40em">\n{}\n</body></html>\n'
    )
    return str(page.format(locale, title, Markup("\n").join(paragraphs)))


def _linked(part: str) -> Markup:
    out, last = Markup(""), 0
    for found in LINK.finditer(part):
        out += escape(part[last : found.start()]) + Markup('<a href="{0}">{0}</a>').format(found.group())
        last = found.end()
    return (out + escape(part[last:])).replace("\n", Markup("<br>\n"))


def _template(message: str, locale: str) -> Template:
    return TEMPLATES.get_template(f"{message}.{locale}.txt")
