"""Marks: the arguments and the response of mark.lua, which decides whether a reply may be sent now."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from core.model import Reply
from core.ports import RateLimit, SendPermit, ServiceWindow
from core.processing import AbuseLimits
from gateway.redis.encoding import needs_open_window
from gateway.redis.lua import Argument
from gateway.redis.records.session_keys import account_key, number_key
from gateway.redis.records.template_keys import state_field


class MarkEncoder:
    """Encodes what mark.lua needs of a reply, by the policies of its channel."""

    def __init__(
        self,
        rate_limits: Mapping[str, RateLimit],
        windows: Mapping[str, ServiceWindow],
        abuse: Mapping[str, AbuseLimits],
    ) -> None:
        """Create an encoder from the policies of the channels by name."""
        self._rate_limits = rate_limits
        self._windows = windows
        self._abuse = abuse

    def encode(self, reply: Reply, *, probed: bool = False) -> list[Argument]:
        """Build the arguments of mark.lua after session and fencing token; see `mark_sending`."""
        address, account = reply.address, account_key(reply.address)
        rate_limit = self._rate_limits.get(address.channel, RateLimit())
        arguments: list[Argument] = [
            reply.key,
            to_json({"key": reply.key, "gate": self._describe_gate(reply, rate_limit, probed=probed)}),
            "" if probed else account,
            _reply_class(reply),
            reply.voice,
            address.theirs,
            self._window_argument(reply),
            _template_field(reply),
            self._reply_limit(reply),
            number_key(address),
        ]
        for name, rate in ((account, rate_limit.account), (number_key(address), rate_limit.number)):
            if rate:
                arguments += [name, math.ceil(1000 / rate)]
        return arguments

    def _describe_gate(self, reply: Reply, rate_limit: RateLimit, *, probed: bool) -> str:
        """Return the checks of mark.lua beside owner and opt-outs, for the log."""
        asked = {
            "window": self._window_argument(reply) == "1",
            "template": bool(_template_field(reply)),
            "limit": self._reply_limit(reply) > 0,
            "pace": bool(rate_limit.account or rate_limit.number),
            "breaker": not probed,
        }
        return " ".join(name for name, is_asked in asked.items() if is_asked)

    def _reply_limit(self, reply: Reply) -> int:
        """Return how many messages of the bot a contact gets in an hour; 0 for no limit."""
        limits = self._abuse.get(reply.address.channel)
        return limits.replies_per_hour if limits and reply.voice == "bot" else 0

    def _window_argument(self, reply: Reply) -> str:
        """Return the service window's argument: to be checked (`1`), known to be closed, or not needed."""
        if reply.window_closed:
            return "closed"
        return "1" if needs_open_window(reply, self._windows.get(reply.address.channel)) else ""


def decode_permit(answer: Any) -> SendPermit:
    """Decode the answer of mark.lua or probe.lua: 1, 0, or the milliseconds to wait and the reason."""
    if isinstance(answer, int):
        return SendPermit(granted=answer == 1, window_closed=answer == 3)
    wait_ms, reason, *_ = answer
    return SendPermit(granted=False, wait=wait_ms / 1000, reason=reason.decode())


def _reply_class(reply: Reply) -> str:
    """Return the class of a reply for mark.lua: actions that send nothing to the contact ignore opt-outs."""
    if reply.confirms_request or reply.act != "say":
        return "confirmation"
    return "1" if reply.bulk else ""


def _template_field(reply: Reply) -> str:
    """Return the field of a reply's template in `tg:template_states`; empty if its status does not matter."""
    template = reply.template
    if template is None or not template.needs_approval:
        return ""
    return state_field(reply.address.channel, template.name, template.language)
