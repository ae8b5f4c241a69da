"""Files that people attached, and those that the bot sends: uploaded for one comment."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

import httpx

from channels._kit.inbound.json import Object, child, children, name_of, word
from channels._kit.outbound.http import answered
from channels.zendesk.client import Client, refusal
from core.errors import Rejected, Unavailable, Unknown
from core.model.turn import Attachment
from core.ports.http_fetch import Fetch, NotFetched, Request

_LARGEST: Final = 20 * 1024 * 1024
_SECONDS: Final = 20.0
_MOST: Final = 20
_BYTES: Final = "application/octet-stream"


async def upload(
    media: Sequence[Attachment], fetch: Fetch, client: Client, http: httpx.AsyncClient
) -> list[str]:
    """Tokens for a comment's `uploads` (Zendesk, "Upload files"). Raises a `DeliveryError`.

    An upload that was not used disappears by itself, so one that is unknown is simply made again.
    """
    tokens = []
    for medium in media:
        try:
            file = await fetch.fetch(
                Request(method="GET", url=medium.url, seconds=_SECONDS, largest=_LARGEST)
            )
        except NotFetched as error:
            raise Unavailable(f"the file to send could not be fetched: {error}") from error
        if file.status != 200:
            raise Rejected(f"the file to send could not be fetched: its address answered {file.status}")
        kind = medium.content_type
        answer = await client.change(
            "POST",
            f"/uploads.json?filename={quote(_name(medium))}",
            http,
            content=file.body,
            headers={"content-type": kind if re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind, re.ASCII) else _BYTES},
        )
        token = word(child(answered(answer), "upload"), "token", 200)
        if not answer.is_success or not token:
            refused = refusal(answer)
            raise Unavailable(refused.reason, code=refused.code) if isinstance(refused, Unknown) else refused
        tokens.append(token)
    return tokens


def _name(medium: Attachment) -> str:
    """What the customer sees; Zendesk goes by the ending."""
    name = re.sub(r"[^\w. -]", "_", medium.name or urlsplit(medium.url).path.rpartition("/")[2])[
        -100:
    ].strip()
    ending = mimetypes.guess_extension(medium.content_type) or ""
    return name if "." in name else f"{name or 'file'}{ending}"


def files_of(comments: Sequence[Object], turn_id: str) -> tuple[Attachment, ...]:
    """The files of the comment that a turn is, without pictures inside its text, such as of signatures."""
    ids = [name_of(each, "id") for each in comments]
    first = ids and turn_id.endswith(":description")
    named = sorted(ids, key=lambda number: (len(number), number))[0] if first else turn_id
    found = next((each for each in comments if name_of(each, "id") == named), {})
    return tuple(
        Attachment(
            url=word(each, "content_url", 2000),
            content_type=word(each, "content_type", 100) or _BYTES,
            name=word(each, "file_name"),
        )
        for each in children(found, "attachments")[:_MOST]
        if each.get("inline") is not True and word(each, "content_url", 2000).startswith(("https:", "http:"))
    )


def attachments(urls: str) -> tuple[Attachment, ...]:
    """The files at addresses with a space between them; an address holds the file's name."""
    found = []
    for url in urls.split()[:_MOST]:
        try:
            parts = urlsplit(url)
            name = parse_qs(parts.query, max_num_fields=20).get("name", [""])[0][:200]
        except ValueError:
            continue
        if parts.scheme in ("https", "http") and parts.hostname:
            kind = mimetypes.guess_type(name)[0] or _BYTES
            found.append(Attachment(url=url, content_type=kind, name=name))
    return tuple(found)
