"""Checks a template before a message is queued, against the provider's last list."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from redis.asyncio import Redis

from core.model import (
    Address,
    Message,
    MessageTemplate,
    TemplateProblem,
    TemplateProblemKind,
    find_status_problem,
    find_variable_problem,
)
from core.ports import Channel, HasTemplates
from gateway.redis.records.templates import TemplateRecords


class TemplateGate:
    """Checks templates against the lists of the channels, by channel name."""

    def __init__(self, redis: Redis, channels: Mapping[str, Channel[httpx.AsyncClient]]) -> None:
        self._channels = channels
        self._templates = TemplateRecords(redis)

    async def find_problem(self, message: Message, address: Address) -> TemplateProblem | None:
        """Return why the provider would refuse the message's template."""
        channel, template = self._channels.get(address.channel), message.template
        if template is None:
            return None
        unknown = TemplateProblemKind.UNKNOWN
        if channel is not None and not channel.capabilities.templates:
            if message.text:
                return None
            reason = f"the channel {address.channel} has no templates; give the message a text too"
            return TemplateProblem(kind=unknown, reason=reason)
        definition = await self._templates.find(address.channel, template.name, template.language)
        if definition is not None:
            if isinstance(channel, HasTemplates):
                return channel.check_template(definition, template, address)
            # a command without credentials, beside workers that have them
            return find_status_problem(definition) or find_variable_problem(definition, template.values)
        if await self._templates.read_report(address.channel) is None:
            return None  # never listed: the provider decides
        reason = (
            f"{address.channel} has no template {template.name} in {template.language}; if it is new, run "
            "`turngate templates sync`"
        )
        return TemplateProblem(kind=unknown, reason=reason)

    async def find(self, channel: str, name: str, language: str) -> MessageTemplate | None:
        """Return a template as the provider listed it; `None` if it is not known."""
        return await self._templates.find(channel, name, language)

    async def with_id(self, message: Message, address: Address) -> Message:
        """Return the message with the provider's own names of its template, if they are known."""
        template = message.template
        if template is None:
            return message
        found = await self._templates.find(address.channel, template.name, template.language)
        if found is None:
            return message
        names = {"name": found.name, "language": found.language, "id": found.id}
        return message.model_copy(update={"template": template.model_copy(update=names)})
