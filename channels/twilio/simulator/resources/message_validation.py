"""Rules for messages that are sent, and the files in them (Twilio, "Messages resource", "Accepted media")."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from channels._kit.simulator import FetchedFile, PublicUrls
from channels.twilio.simulator.resources.content import SentContent
from channels.twilio.simulator.responses import ApiError

FormFields = dict[str, list[str]]

_VALID_ADDRESS: Final = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}|whatsapp:[A-Z]{2}\.[A-Za-z0-9]{1,128}")
_MAX_BODY_UNITS: Final = 1600
_MEGABYTE: Final = 1024 * 1024
_MMS_IMAGE_TYPES: Final = ("image/jpeg", "image/png", "image/gif")
_MAX_MMS_IMAGE_BYTES, _MAX_MMS_FILE_BYTES = 5 * _MEGABYTE, 500 * 1024
_MAX_WHATSAPP_BYTES: Final = 16 * _MEGABYTE
_WHATSAPP_TYPES: Final = ("image/", "audio/", "video/mp4", "application/pdf")


def get_first(form: FormFields, name: str) -> str:
    """Return a field's first value; empty if it is missing."""
    return form.get(name, [""])[0]


def validate_message(
    form: FormFields,
    numbers: Collection[str],
    services: Mapping[str, Collection[str]],
    content: SentContent | int | None,
    urls: PublicUrls,
) -> ApiError | None:
    """Return the documented error of an invalid message, `None` if it is valid.

    `numbers` are the account's senders, `services` its messaging services with their senders, `content` what
    the ContentSid stands for, or the code of its error. `urls` decides which URLs Twilio could call.
    """
    to, sender, body = get_first(form, "To"), get_first(form, "From"), get_first(form, "Body")
    media, on_whatsapp = form.get("MediaUrl", []), to.startswith("whatsapp:")
    if not to:
        return ApiError(400, 21604, "A 'To' phone number is required.")
    if not _VALID_ADDRESS.fullmatch(to):
        return ApiError(400, 21211, f"The 'To' number {to} is not a valid phone number.")
    if sender == to:
        code = 63031 if on_whatsapp else 21266
        return ApiError(400, code, "'To' and 'From' number cannot be the same")
    if error := _validate_sender(form, numbers, services, on_whatsapp=on_whatsapp):
        return error
    if not body and not media and not get_first(form, "ContentSid"):
        return ApiError(400, 21602, "Message body is required.")
    if isinstance(content, int):
        return ApiError(400, content, "The ContentSid or the ContentVariables parameter is invalid")
    if content is not None and (body or media):
        return ApiError(400, 21620, "A ContentSid takes neither Body nor MediaUrl")
    if len(body.encode("utf-16-le")) > 2 * _MAX_BODY_UNITS:
        return ApiError(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    if len(media) > (1 if on_whatsapp else 10):
        return ApiError(400, 21623, "Number of media files exceeds allowed limit.")
    if not all(urls.is_reachable(url) for url in media):
        return ApiError(400, 21620, "Invalid media URL(s)")
    callback = get_first(form, "StatusCallback")
    if callback and not urls.is_reachable(callback):
        return ApiError(400, 21609, f"The 'StatusCallback' URL {callback} is not a valid URL.")
    return None


def _validate_sender(
    form: FormFields,
    numbers: Collection[str],
    services: Mapping[str, Collection[str]],
    *,
    on_whatsapp: bool,
) -> ApiError | None:
    sender, service = get_first(form, "From"), get_first(form, "MessagingServiceSid")
    if not sender and not service:
        return ApiError(400, 21603, "A 'From' phone number is required.")
    if service and service not in services:
        return ApiError(400, 21701, f"The Messaging Service {service} does not exist.")
    if not sender:
        return None
    if sender not in numbers or sender.startswith("whatsapp:") != on_whatsapp:
        if on_whatsapp or sender.startswith("whatsapp:"):
            return ApiError(400, 63007, "Twilio could not find a Channel with the specified From address")
        if not _VALID_ADDRESS.fullmatch(sender):
            return ApiError(400, 21212, f"The 'From' number {sender} is not a valid phone number.")
        return ApiError(400, 21659, f"'From' {sender} is not a Twilio phone number or Short Code")
    if service and sender not in services[service]:
        return ApiError(400, 21712, f"'From' {sender} is not associated with the Messaging Service")
    return None


def check_file(file: FetchedFile | None, *, on_whatsapp: bool) -> int:
    """Return the error code of a fetched file that is not delivered, 0 if it is."""
    if file is None or file.size == 0:
        return 63019 if on_whatsapp else 11200
    if on_whatsapp:
        fits = file.size <= _MAX_WHATSAPP_BYTES and file.content_type.startswith(_WHATSAPP_TYPES)
        return 0 if fits else 63019
    limit = _MAX_MMS_IMAGE_BYTES if file.content_type in _MMS_IMAGE_TYPES else _MAX_MMS_FILE_BYTES
    return 0 if file.size <= limit else 30008
