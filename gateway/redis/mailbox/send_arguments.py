"""Arguments of the scripts that record the outcome of a send."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from pydantic_core import from_json, to_json

from core.model import FailureKind, Reply, SentMessage, Template
from core.ports import SendFailure, SendPause
from gateway.redis.encoding import digest_template, encode_kept_reply, encode_reply_entry, encode_sent_entry
from gateway.redis.encryption.sealing import Sealer
from gateway.redis.lua import Argument
from gateway.redis.records.session_keys import account_key, message_key, number_key

OPT_OUTS: Final = {FailureKind.OPTED_OUT: "1", FailureKind.OPTED_OUT_OF_MARKETING: "marketing"}
"""Scopes of opt-outs that a rejection reports, by its kind."""


def encode_sent(session: str, reply: Reply, provider_id: str, sealer: Sealer | None) -> list[Argument]:
    """Encode a reply that the provider accepted; with a `sealer` it is kept for another send."""
    return [
        message_key(reply.address.channel, provider_id),
        provider_id,
        encode_sent_entry(reply, provider_id),
        account_key(reply.address),
        reply.key,
        encode_kept_reply(session, reply, sealer) if sealer else "",
    ]


def encode_thread(reply: Reply, opened: SentMessage, contact_ms: int) -> list[Argument]:
    """Encode the thread that a first message has opened, and how long its name leads to the session."""
    assert opened.thread is not None, "the message has opened a thread"
    thread = opened.thread.model_copy(update={"channel": reply.address.channel})
    return [thread.model_dump_json(), opened.thread_session, contact_ms]


def encode_rejection(
    session: str, reply: Reply, sealer: Sealer | None, *, reason: str, code: str, failure: FailureKind
) -> list[Argument]:
    """Encode a reply that the provider rejected for good; with a `sealer` it becomes a dead letter."""
    dead = {"dead": True} if sealer else {}
    entry = to_json({"key": reply.key, "reason": reason, "code": code, **dead})
    letter: Argument = ""
    if sealer:
        fields = {"reason": reason, "code": code, "failure": failure}
        letter = to_json({**fields, "reply": from_json(sealer.reply(session, reply))})
    return [OPT_OUTS.get(failure, ""), entry, letter, reply.key, failure]


def encode_reroute(  # noqa: PLR0913 - keyword-only
    session: str,
    reply: Reply,
    instead: Sequence[Reply],
    sealer: Sealer,
    *,
    covered: Sequence[str],
    template: Template | None,
    reason: str,
) -> list[Argument]:
    """Encode the replies that take the place of one."""
    entry = to_json({"key": reply.key, "reason": reason, "by": [each.key for each in instead]})
    digest = digest_template(template, sealer) if template else ""
    arguments: list[Argument] = [reply.key, entry, "", to_json(list(covered)), digest]
    for each in instead:
        arguments += [sealer.reply(session, each), encode_reply_entry(session, each, sealer)]
    return arguments


def encode_postponement(  # noqa: PLR0913 - keyword-only
    seconds: float,
    reason: str,
    reply: Reply | None,
    *,
    settled: bool,
    counted: bool,
    failure: SendFailure | None,
    pause: SendPause | None,
) -> list[Argument]:
    """Encode a wait of the session, and the failed send or the pause of an account that causes it."""
    account, key = (account_key(failure.reply.address), failure.reply.key) if failure else ("", "")
    subject = {"key": reply.key} if reply else {}
    entry = to_json({**subject, "reason": reason, "seconds": round(seconds, 3)})
    cooldown_ms = int(failure.cooldown_seconds * 1000) if failure else 0
    mark = "unknown" if failure and failure.may_be_copy else "1" if settled else ""
    arguments: list[Argument] = [math.ceil(seconds * 1000), mark, entry, "1" if counted else "", ""]
    arguments += [account, cooldown_ms, key]
    if pause:
        address = pause.reply.address
        name = number_key(address) if pause.one_number else account_key(address)
        arguments += [name, math.ceil(pause.seconds * 1000)]
    return arguments
