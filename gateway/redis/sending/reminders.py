"""Reminders of a flow, as scheduled messages."""

from __future__ import annotations

import math

from core.ports import Commit
from gateway.redis.encryption.sealing import SCHEDULED_CLEAR, Sealer
from gateway.redis.lua import Argument
from gateway.redis.records.schedule import ScheduledMessage
from gateway.redis.records.sessions.log.message_timeline import OWN_PREFIX


def encode_reminders(session: str, commit: Commit, sealer: Sealer) -> list[list[Argument]]:
    """Encode the arguments of remind.lua after session and fencing token, for each reminder of a commit."""
    encoded: list[list[Argument]] = []
    cause = commit.turns[0].id if commit.turns else commit.timer_name
    for reminder in commit.reminders:
        key = f"{OWN_PREFIX}remind-{cause}-{reminder.node}"
        scheduled = ScheduledMessage(
            session=session, key=key, message=reminder.message, category="utility"
        ).model_dump_json(exclude_defaults=True)
        due, wait = reminder.at_ms or "", math.ceil(reminder.seconds * 1000)
        sealed = sealer.record(session, scheduled.encode(), SCHEDULED_CLEAR)
        encoded.append([key, due, wait, sealed, "1" if reminder.cancel_on_reply else ""])
    return encoded
