"""Attachments of comments: contacts' files, and uploads for the bot's."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

import httpx

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import parse_json_body, without_effect
from channels.zendesk.client import ApiClient, build_delivery_error
from core.errors import Rejected, Unavailable
from core.model import Attachment
from core.ports import FetchError, HttpFetcher, HttpRequest

_MAX_FILE_BYTES: Final = 20 * 1024 * 1024
_DOWNLOAD_TIMEOUT_SECONDS: Final = 20.0
_MAX_FILES: Final = 20
_DEFAULT_CONTENT_TYPE: Final = "application/octet-stream"


async def upload_files(
    media: Sequence[Attachment], fetch: HttpFetcher, client: ApiClient, http: httpx.AsyncClient
) -> list[str]:
    """Upload files and return the tokens for a comment's `uploads` (Zendesk, "Upload files").

    An unused upload expires, so one with unknown outcome is repeated. Raises a `DeliveryError`.
    """
    tokens = []
    for medium in media:
        try:
            file = await fetch.fetch(
                HttpRequest(
                    method="GET", url=medium.url, seconds=_DOWNLOAD_TIMEOUT_SECONDS, largest=_MAX_FILE_BYTES
                )
            )
        except FetchError as error:
            raise Unavailable(f"downloading the file to send failed: {error}", one_contact=True) from error
        if file.status != 200:
            raise Rejected(f"downloading the file to send failed: the server responded with {file.status}")
        kind = medium.content_type
        response = await client.send_request(
            "POST",
            f"/uploads.json?filename={quote(_build_file_name(medium))}",
            http,
            content=file.body,
            headers={
                "content-type": kind
                if re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind, re.ASCII)
                else _DEFAULT_CONTENT_TYPE
            },
        )
        token = get_text(get_object(parse_json_body(response), "upload"), "token", 200)
        if not response.is_success or not token:
            raise without_effect(build_delivery_error(response))
        tokens.append(token)
    return tokens


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
