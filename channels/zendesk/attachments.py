"""Attachments of comments: contacts' files, and uploads for the bot's."""

from __future__ import annotations

import logging
import mimetypes
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

import httpx

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import may_have_taken_effect, parse_json_body, without_effect
from channels.zendesk.client import ApiClient, build_delivery_error
from core.errors import Rejected, Unavailable
from core.model import Attachment
from core.ports import FetchError, HttpFetcher, HttpRequest, ResponseTooLarge

log = logging.getLogger("turngate.channel.zendesk")

_MAX_FILE_BYTES: Final = 20 * 1024 * 1024
_DOWNLOAD_TIMEOUT_SECONDS: Final = 20.0
_MAX_FILES: Final = 20
_REFUSED_FILE_STATUSES: Final = frozenset({413, 415, 422})
_DEFAULT_CONTENT_TYPE: Final = "application/octet-stream"


async def upload_files(
    media: Sequence[Attachment], fetch: HttpFetcher, client: ApiClient, http: httpx.AsyncClient
) -> tuple[list[str], list[Attachment]]:
    """Upload files; return the tokens for a comment's `uploads`, and the files that Zendesk does not take.

    An unused upload expires, so one with unknown outcome is repeated (Zendesk, "Upload files"). Raises a
    `DeliveryError`.
    """
    tokens, not_taken = [], []
    for medium in media:
        body = await _load(medium, fetch)
        token = "" if body is None else await _upload(medium, body, client, http)
        if token:
            tokens.append(token)
        else:
            log.error("Zendesk does not take a file (too large, or refused); its URL is sent as a link")
            not_taken.append(medium)
    return tokens, not_taken


async def _load(medium: Attachment, fetch: HttpFetcher) -> bytes | None:
    """Return a file's bytes; `None` if it is too large."""
    request = HttpRequest(
        method="GET", url=medium.url, seconds=_DOWNLOAD_TIMEOUT_SECONDS, largest=_MAX_FILE_BYTES
    )
    try:
        file = await fetch.fetch(request)
    except ResponseTooLarge:
        return None
    except FetchError as error:
        raise Unavailable(f"downloading the file to send failed: {error}", one_contact=True) from error
    reason = f"downloading the file to send failed: the server responded with {file.status}"
    if may_have_taken_effect(file.status) or file.status == 429:
        raise Unavailable(reason, one_contact=True)
    if file.status != 200:
        raise Rejected(reason)
    return file.body


async def _upload(medium: Attachment, body: bytes, client: ApiClient, http: httpx.AsyncClient) -> str:
    """Return the token of an uploaded file; empty if Zendesk does not take this file."""
    kind = medium.content_type
    is_type = re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind, re.ASCII)
    response = await client.send_request(
        "POST",
        f"/uploads.json?filename={quote(_build_file_name(medium))}",
        http,
        content=body,
        headers={"content-type": kind if is_type else _DEFAULT_CONTENT_TYPE},
    )
    token = get_text(get_object(parse_json_body(response), "upload"), "token", 200)
    if response.is_success and token:
        return token
    if response.status_code in _REFUSED_FILE_STATUSES:
        return ""
    raise without_effect(build_delivery_error(response))


def _build_file_name(medium: Attachment) -> str:
    """Return the displayed name; Zendesk derives the type from its extension."""
    name = re.sub(r"[^\w. -]", "_", medium.name or urlsplit(medium.url).path.rpartition("/")[2])[
        -100:
    ].strip()
    extension = mimetypes.guess_extension(medium.content_type) or ""
    return name if "." in name else f"{name or 'file'}{extension}"


def get_comment_files(comments: Sequence[JsonObject], turn_id: str) -> tuple[Attachment, ...]:
    """Return the files of a turn's comment, without inline pictures, such as those of signatures."""
    ids = [get_identifier(each, "id") for each in comments]
    is_description = ids and turn_id.endswith(":description")
    comment_id = sorted(ids, key=lambda number: (len(number), number))[0] if is_description else turn_id
    comment = next((each for each in comments if get_identifier(each, "id") == comment_id), {})
    return tuple(
        Attachment(
            url=get_text(each, "content_url", 2000),
            content_type=get_text(each, "content_type", 100) or _DEFAULT_CONTENT_TYPE,
            name=get_text(each, "file_name"),
        )
        for each in get_object_list(comment, "attachments")[:_MAX_FILES]
        if each.get("inline") is not True
        and get_text(each, "content_url", 2000).startswith(("https:", "http:"))
    )


def parse_attachments(urls: str) -> tuple[Attachment, ...]:
    """Return the files at space-separated URLs; a URL contains the file's name."""
    attachments = []
    for url in urls.split()[:_MAX_FILES]:
        try:
            parts = urlsplit(url)
            name = parse_qs(parts.query, max_num_fields=20).get("name", [""])[0][:200]
        except ValueError:
            continue
        if parts.scheme in ("https", "http") and parts.hostname:
            kind = mimetypes.guess_type(name)[0] or _DEFAULT_CONTENT_TYPE
            attachments.append(Attachment(url=url, content_type=kind, name=name))
    return tuple(attachments)
