"""Encoding of log entries and of commit.lua's arguments. A `Sealer` encrypts them if that is on."""

from __future__ import annotations

import hashlib
import math

from pydantic_core import from_json, to_json

from core.model import Reply, Template
from core.ports import Commit, ServiceWindow
from gateway.redis.encryption.sealing import NOTHING, Sealer
from gateway.redis.lua import Argument


def encode_reply_entry(session: str, reply: Reply, sealer: Sealer) -> bytes:
    """Encode a reply as an entry of the session's log."""
    entry: dict[str, object] = {"key": reply.key, "body": reply.body}
    if reply.segments:
        entry["segments"] = reply.segments
    if reply.template:
        entry |= {"template": reply.template.name, "body": reply.body or f"[{reply.template.name}]"}
    if reply.voice != "bot":
        entry["voice"] = reply.voice
    if reply.choices:
        entry["choices"] = [choice.model_dump(exclude_defaults=True) for choice in reply.choices]
    if reply.media:
        entry["media"] = [medium.model_dump(exclude_defaults=True) for medium in reply.media]
    return sealer.entry(session, entry)


def needs_open_window(reply: Reply, window: ServiceWindow | None) -> bool:
    """Return whether a reply is free text, which is refused outside the channel's service window."""
    if window is None or reply.act != "say" or reply.template or reply.route:
        return False
    return window.applies_to(reply.address)


def digest_template(template: Template, sealer: Sealer) -> str:
    """Return a digest by which the same template with the same values is recognized."""
    content = hashlib.sha256(template.model_dump_json().encode()).hexdigest()
    return sealer.digest("template", content)


def encode_sent_entry(reply: Reply, provider_id: str) -> bytes:
    return to_json({"key": reply.key, "id": provider_id})


def encode_kept_reply(session: str, reply: Reply, sealer: Sealer) -> str:
    """Encode a sent reply as delivery_reports.lua keeps it: time, number of resends, and the rest."""
    own_fields = {"key", "committed_at_ms", "resends"}
    rest = sealer.reply(session, reply, exclude=own_fields).decode()
    return f"{reply.committed_at_ms} {reply.resends} {rest}"


def encode_commit(session: str, commit: Commit, sealer: Sealer) -> list[Argument]:
    """Encode the arguments of commit.lua after session and fencing token."""
    ids = [turn.id for turn in commit.turns]
    entry = {"turns": ids, "outcome": commit.outcome, "replies": len(commit.replies), **commit.details}
    dead_letter: Argument = ""
    if commit.dead_letter_reason is not None:
        letter = {
            "reason": commit.dead_letter_reason,
            "turns": [from_json(sealer.turn(turn)) for turn in commit.turns],
        }
        dead_letter = to_json(letter)
    state: Argument = ""
    if commit.state is not None:
        state = sealer.record(session, to_json(commit.state), NOTHING)
    logged = sealer.entry(session, entry)
    arguments: list[Argument] = [to_json(ids), state, commit.owner or "", dead_letter, logged]
    timer, seconds = commit.timer or ("", 0.0)
    arguments += [
        "1" if commit.reports_overflow else "",
        commit.fired_timer or "",
        timer,
        math.ceil(seconds * 1000),
    ]
    arguments += ["1" if commit.ownership_expires else "", "1" if commit.delivers_via_log else ""]
    confirms = any(reply.confirms_request for reply in commit.replies)
    arguments += ["1" if confirms else "", "1" if commit.opts_out else ""]
    for reply in commit.replies:
        if commit.delivers_via_log:
            arguments.append(encode_sent_entry(reply, reply.global_key))
        else:
            arguments.append(sealer.reply(session, reply))
        arguments.append(encode_reply_entry(session, reply, sealer))
    return arguments
