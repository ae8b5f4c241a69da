"""Messages of the inbox's form: a text, a file or a template, with what is known of the contact filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from redis.asyncio import Redis

from core.model import Address, Attachment, Message, MessageTemplate
from core.model import Template as TemplateChoice
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.templates import TemplateRecords

_OPEN: Final = re.compile(r"\{\{.*?\}\}")


class AnswerForm:
    """Builds an agent's message from the fields of the form. Without `files`, files are named by address."""

    def __init__(self, redis: Redis, files: PublicFiles | None) -> None:
        self._redis = redis
        self._files = files

    async def build_message(self, session: str, given: Mapping[str, str], text: str) -> Message:
        """Return the message of a form. Raises `ValueError` with what is missing."""
        if chosen := given.get("template", ""):
            name, _, language = chosen.partition("|")
            address = await read_address(self._redis, session)
            found = await TemplateRecords(self._redis).find(address.channel, name, language)
            template = TemplateChoice(
                name=name, language=language, variables=parse_variables(given.get("variables", ""), found)
            )
            return Message(text="", template=template)
        if missing := _OPEN.search(text):
            raise ValueError(f"fill in {missing[0]} first: nothing is known for it")
        url = given.get("file", "").strip()
        if url and not url.startswith("https://") and not (self._files and self._files.owns(url)):
            raise ValueError("a file needs an address that begins with https://")
        if not text and not url:
            raise ValueError("write an answer first")
        return Message(text=text, media=(Attachment(url=url),) if url else ())


async def read_address(redis: Redis, session: str) -> Address:
    """Return the address of a stored session."""
    stored: Any = await redis.hget(session_key(session), "address")
    return Address.model_validate_json(stored)


def parse_variables(text: str, template: MessageTemplate | None) -> dict[str, str]:
    """Return the variables of a template: a line for each, as `name=value` or the value alone, in order."""
    names = [each.name for each in template.variables] if template else []
    variables = {}
    for number, line in enumerate(line for line in text.splitlines() if line.strip()):
        name, sign, value = line.partition("=")
        if sign and (name.strip() in names or not names):
            variables[name.strip()] = value.strip()
        elif number < len(names):
            variables[names[number]] = line.strip()
    return variables
