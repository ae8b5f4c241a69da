"""Builds the turns of an Intercom conversation from its customers' parts."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Iterator
from typing import Final

from channels._kit.inbound import (
    JsonObject,
    get_identifier,
    get_number,
    get_object,
    get_object_list,
    get_text,
)
from channels._kit.text import join_subject
from channels.intercom.conversations.contacts import (
    AuthorRole,
    build_author_name,
    build_consent_names,
    classify_customer,
    is_certain_contact,
)
from channels.intercom.conversations.html_body import MAX_BODY_LENGTH, BodyMode, parse_body
from core.model import (
    UNSUPPORTED_KIND,
    Address,
    Attachment,
    Event,
    ParticipantMessage,
    Turn,
    TurnReceived,
)

_MAX_FILES: Final = 10
_MAX_SUBJECT_LENGTH: Final = 500
_PHONE_SOURCES: Final = frozenset({"sms", "whatsapp"})


class TurnBuilder:
    """Builds the turns of one conversation; `is_ours` is true while the bot may answer it."""

    def __init__(self, item: JsonObject, *, session: str, address: Address, is_ours: bool) -> None:
        self._item = item
        self._session = session
        self._address = address
        self._is_ours = is_ours

    def build_opening_events(self, mode: BodyMode) -> list[Event]:
        """Return the event of the first message; the subject of an e-mail is put before its text."""
        source = get_object(self._item, "source")
        key = f"source:{get_identifier(source, 'id') or self._address.theirs}"
        return self.build_events(source, key, mode, subject=self._parse_subject(mode))

    def build_events(self, part: JsonObject, key: str, mode: BodyMode, subject: str = "") -> list[Event]:
        """Return the event of a customer's part of any type; none if it is empty or redacted.

        `subject` is put before the text, unless the text begins with it.
        """
        body = parse_body(get_text(part, "body", MAX_BODY_LENGTH), mode)
        text = join_subject(subject, body.text)
        files = (
            *_parse_attachments(get_object_list(part, "attachments")),
            *_build_image_attachments(body.images),
        )[:_MAX_FILES]
        has_more = body.has_media or bool(get_object_list(part, "attachments"))  # which cannot be read
        if part.get("redacted") is True or not key or not (text or files or has_more):
            return []
        known_subject = self._parse_subject(mode)
        turn = Turn(
            id=key,
            session=self._session,
            address=self._address,
            text=text,
            kind="" if text or files else UNSUPPORTED_KIND,
            attachments=files,
            subject=known_subject,
            profile_name=get_text(get_object(part, "author"), "name"),
            details=self._build_details(part, known_subject),
            at=get_number(part, "created_at") or 0.0,
        )
        author = build_author_name(
            self._address.account, get_identifier(get_object(part, "author"), "id", 60) or "unknown"
        )
        role = classify_customer(self._item, part)
        if role is AuthorRole.PARTICIPANT:
            return [ParticipantMessage(turn=turn, author=author)]
        return [
            TurnReceived(
                turn=turn,
                author=author if role is AuthorRole.UNKNOWN else "",
                control_is_ours=self._is_ours,
                by_phone=get_text(get_object(self._item, "source"), "type", 40) in _PHONE_SOURCES,
                consent_names=self._build_consent_names(part),
            )
        ]

    def _build_consent_names(self, part: JsonObject) -> tuple[str, ...]:
        if not is_certain_contact(self._item, part):
            return ()
        author = get_object(part, "author")
        return build_consent_names(
            self._address.account, get_identifier(author, "id", 60), get_text(author, "email")
        )

    def _parse_subject(self, mode: BodyMode) -> str:
        """Return the subject of an e-mail, which belongs to its first message."""
        subject = get_text(get_object(self._item, "source"), "subject", MAX_BODY_LENGTH)
        return parse_body(subject, mode).text[:_MAX_SUBJECT_LENGTH]

    def _build_details(self, part: JsonObject, subject: str) -> dict[str, str]:
        author, source = get_object(part, "author"), get_object(self._item, "source")
        contact = next(iter(get_object_list(get_object(self._item, "contacts"), "contacts")), {})
        details = {
            "user_id": get_identifier(author, "id"),
            "external_id": get_text(contact, "external_id"),
            "profile_name": get_text(author, "name"),
            "email": get_text(author, "email"),
            "subject": subject,
            "source": get_text(source, "type", 40),
            "page": get_text(source, "url", 500),
        }
        return {name: value for name, value in details.items() if value}


def _parse_attachments(uploads: Iterable[JsonObject]) -> Iterator[Attachment]:
    """Return the uploads; their signed URLs expire, so they should be fetched soon."""
    for upload in uploads:
        url, name = get_text(upload, "url", 2000), get_text(upload, "name")
        if url.startswith("https://"):
            yield Attachment(
                url=url,
                name=name,
                content_type=get_text(upload, "content_type", 100) or _guess_content_type(url),
            )


def _build_image_attachments(urls: Iterable[str]) -> Iterator[Attachment]:
    for url in urls:
        if url.startswith("https://"):
            yield Attachment(url=url, content_type=_guess_content_type(url, "image/jpeg"))


def _guess_content_type(url: str, otherwise: str = "application/octet-stream") -> str:
    return mimetypes.guess_type(url.partition("?")[0])[0] or otherwise
