"""Contents of inbound messages: text, files, location, form, advert (Twilio, "Messaging webhooks")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from mimetypes import guess_type
from typing import Final

from channels._kit.inbound import MAX_FORM_LENGTH, FormData, FormValues, parse_form_values
from channels._kit.text import sanitize
from channels.twilio.capabilities import OPT_IN_ANSWER, is_whatsapp
from channels.twilio.identities import build_aliases, build_session_id, read_identifier
from core.model import (
    UNSUPPORTED_KIND,
    Address,
    Attachment,
    Event,
    Ignored,
    Location,
    QuotedMessage,
    Reaction,
    Referral,
    Turn,
    TurnReceived,
)

_MAX_TEXT_LENGTH: Final = 16_000
_MAX_NAME_LENGTH: Final = 200
_MAX_MEDIA: Final = 20

_DETAIL_FIELDS: Final[Mapping[str, tuple[str, int]]] = {
    "ProfileName": ("profile_name", _MAX_NAME_LENGTH),
    "ProfileUsername": ("profile_username", _MAX_NAME_LENGTH),
    "Username": ("profile_username", _MAX_NAME_LENGTH),
    "WaId": ("wa_id", _MAX_NAME_LENGTH),
    "ExternalUserId": ("external_user_id", _MAX_NAME_LENGTH),
    "MessageType": ("message_type", 40),
    "ButtonType": ("button_type", 40),
    "OriginalRepliedMessageSid": ("quoted", 64),
    "MessagingServiceSid": ("messaging_service", 64),
    "FromCountry": ("from_country", 40),
}
_CARD_TYPES: Final = frozenset({"text/vcard", "text/x-vcard", "text/directory"})
_WRITTEN_KINDS: Final = frozenset({"", "text", "button", "interactive"})
"""Kinds of messages that say nothing if they are empty; any other has content that is missing here."""

_IGNORED_KINDS: Final = frozenset({"revoke", "system", "request_welcome"})
_FORM_FIELDS: Final = {"InteractiveData": "interactive_data", "FlowData": "flow_data"}
_REFERRAL_FIELDS: Final[Mapping[str, tuple[str, int]]] = {
    "ReferralSourceId": ("referral_source_id", _MAX_NAME_LENGTH),
    "ReferralSourceType": ("referral_source_type", 40),
    "ReferralSourceUrl": ("referral_source_url", 1000),
    "ReferralHeadline": ("referral_headline", 500),
    "ReferralBody": ("referral_body", 1000),
    "ReferralCtwaClid": ("referral_click_id", 500),
    "ReferralMediaContentType": ("referral_media_type", 100),
    "ReferralMediaUrl": ("referral_media_url", 1000),
}


def build_turn_event(form: FormData, sid: str, address: Address) -> Event:
    """Return the event of a contact's message: a turn, or `Ignored` for one without content."""
    aliases = build_aliases(form, address)
    kind = sanitize(form.first_value("MessageType"), 40).lower()
    files = tuple(_parse_attachments(form))
    answers, location = _parse_form_data(form), _parse_location(form)
    is_form_lost = bool(form.first_value("FlowData")) and answers is None
    text, files = _separate_file_name(_read_text(form, kind), files, address)
    turn = Turn(
        id=sid,
        session=aliases[0] if aliases else build_session_id(address),
        address=address,
        text="" if kind == "reaction" or is_form_lost else text,
        payload=read_identifier(form, "ButtonPayload", "ListId", limit=1000),
        attachments=files,
        location=location,
        kind=kind,
        reaction=Reaction(emoji=text[:40]) if kind == "reaction" else None,
        quoted=_parse_quoted(form),
        form=answers,
        referral=_parse_referral(form),
        profile_name=sanitize(form.first_value("ProfileName"), _MAX_NAME_LENGTH),
        details=_build_details(form),
    )
    if not turn.has_content and turn.reaction is None:
        has_form = form.first_value(*_FORM_FIELDS)  # one that cannot be read, or is too long
        has_file = form.first_value("NumMedia").strip("0 ") or form.first_value("MediaUrl0")
        is_other = is_whatsapp(address.theirs) and (has_form or kind not in _WRITTEN_KINDS)
        if kind in _IGNORED_KINDS or not (has_file or is_other):
            return Ignored(reason="empty message")
        turn = turn.model_copy(update={"kind": UNSUPPORTED_KIND})
    is_yes = not is_whatsapp(address.theirs) and text.strip().lower() == OPT_IN_ANSWER
    return TurnReceived(turn=turn, aliases=aliases, request_confirmed=is_yes)


def _read_text(form: FormData, kind: str) -> str:
    """Return the text of a message, or the name of a place; both its coordinates may be missing."""
    text = sanitize(form.first_value("Body", "ButtonText", "ListTitle"), _MAX_TEXT_LENGTH)
    if text or kind != "location" or _parse_location(form):
        return text
    known = [sanitize(form.first_value(name), 500) for name in ("Label", "Address")]
    return ", ".join(filter(None, known))


def _separate_file_name(
    body: str, files: tuple[Attachment, ...], address: Address
) -> tuple[str, tuple[Attachment, ...]]:
    """Return the contact's words, and the files with what is known of their names.

    By WhatsApp the body of a document without a caption may be its file name, and that of a contact card its
    name: nobody can write a caption for a card.
    """
    if not is_whatsapp(address.theirs) or len(files) != 1 or not body:
        return body, files
    [file] = files
    is_card = file.content_type.partition(";")[0].strip().lower() in _CARD_TYPES
    is_name = "\n" not in body and guess_type(body)[0] == file.content_type
    if not (is_card or is_name):
        return body, files
    return "", (file.model_copy(update={"name": body[:_MAX_NAME_LENGTH]}),)


def _parse_quoted(form: FormData) -> QuotedMessage | None:
    sid = read_identifier(form, "OriginalRepliedMessageSid", limit=64)
    return QuotedMessage(id=sid) if sid else None


def _parse_form_data(form: FormData) -> FormValues | None:
    """Return the values of a completed WhatsApp flow or of another interactive answer."""
    return parse_form_values(form.first_value("FlowData")) or parse_form_values(
        form.first_value("InteractiveData")
    )


def _parse_referral(form: FormData) -> Referral | None:
    """Return the advert. ReferralNumMedia is present on ordinary messages too, so it means nothing."""
    if not form.first_value("ReferralSourceId"):
        return None
    values = {
        name.removeprefix("referral_"): sanitize(form.first_value(field), limit)
        for field, (name, limit) in _REFERRAL_FIELDS.items()
    }
    return Referral(**values)


def _parse_attachments(form: FormData) -> Iterable[Attachment]:
    count = form.first_value("NumMedia")
    if not (count.isascii() and count.isdigit() and len(count) < 4):
        return
    for number in range(min(int(count), _MAX_MEDIA)):
        url = sanitize(form.first_value(f"MediaUrl{number}"), 2000)
        content_type = sanitize(form.first_value(f"MediaContentType{number}"), 100)
        if url.startswith(("https://", "http://")):
            yield Attachment(url=url, content_type=content_type) if content_type else Attachment(url=url)


def _parse_location(form: FormData) -> Location | None:
    """Return the shared location; 0 is a valid coordinate, values outside the globe are none."""
    try:
        latitude, longitude = float(form.first_value("Latitude")), float(form.first_value("Longitude"))
    except ValueError:
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        label=sanitize(form.first_value("Label"), _MAX_NAME_LENGTH),
        address=sanitize(form.first_value("Address"), 500),
    )


def _build_details(form: FormData) -> dict[str, str]:
    """Return known facts; a form is kept whole or not at all."""
    fields = (
        {**_DETAIL_FIELDS, **_REFERRAL_FIELDS} if form.first_value("ReferralSourceId") else _DETAIL_FIELDS
    )
    details = {
        fields[field][0]: sanitize(value, fields[field][1])
        for field in fields
        if field in form and (value := form.first_value(field))
    }
    for field, name in _FORM_FIELDS.items():
        if field in form and 0 < len(form.first_value(field)) <= MAX_FORM_LENGTH:
            details[name] = sanitize(form.first_value(field), MAX_FORM_LENGTH)
    if "true" in (form.first_value("Forwarded"), form.first_value("FrequentlyForwarded")):
        details["forwarded"] = "true"
    return details
