"""Reminders: messages for later that a node schedules when it is entered."""

from __future__ import annotations

from time import time

from core.local_time import parse_point_in_time
from core.model import Message
from core.ports import Reminder
from flows.document import parse_duration
from flows.engine.responses.routes import build_template, find_window_route
from flows.engine.turn_context import TurnContext
from flows.templating import TextTemplate
from flows.text import to_commonmark


def add_reminder(context: TurnContext) -> None:
    """Add the present node's reminder, if it has one with a valid time that has not passed."""
    remind = context.node.node.remind
    if remind is None:
        return
    text = to_commonmark(context.render_protected(TextTemplate(remind.text)))
    if not text.strip():
        return
    seconds, at_ms = 0.0, 0
    if remind.after:
        seconds = parse_duration(remind.after)
    else:
        written = context.render(TextTemplate(remind.at or ""))
        try:
            at_ms = _parse_time(written, remind.time_zone or "UTC")
        except ValueError:
            context.issues.append("remind")
            return
        at_ms -= int(parse_duration(remind.before) * 1000) if remind.before else 0
        if at_ms <= time() * 1000:
            context.issues.append("remind")
            return
    template = build_template(context, remind.template) if remind.template else None
    fallback = None if template else find_window_route(context)
    context.reminders.append(
        Reminder(
            node=context.node.node.id,
            message=Message(text=text, template=template, fallback=fallback),
            seconds=seconds,
            at_ms=at_ms,
            cancel_on_reply=remind.cancel_on_reply,
        )
    )


def _parse_time(text: str, time_zone: str) -> int:
    """Return a time with an offset, or else one in the time zone. Raises `ValueError`."""
    try:
        return parse_point_in_time(text)
    except ValueError:
        return parse_point_in_time(text, time_zone)
