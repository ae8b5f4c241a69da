"""Finds parts of a flow that are read, but never have an effect, or fail when their time comes."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import suppress

from core.local_time import parse_point_in_time
from flows.document import Flow, Issue, Way

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def find_parts_without_effect(flow: Flow) -> Iterator[Issue]:
    """Return reminders without a time, texts for hours that are not set, and conditions that never fail."""
    for node in flow.nodes:
        at = node.remind.at if node.remind else None
        if node.remind and at and "{" not in at and not _is_time(at, node.remind.time_zone):
            yield Issue(
                f"node {node.id}",
                f"The reminder is never sent: “{at[:40]}” is not a time such as 2027-07-01T09:30.",
            )
        if node.out_of_hours and flow.hours is None:
            yield Issue(f"node {node.id}", "out_of_hours has no effect: the flow has no hours.")
    if flow.hours and not any(getattr(flow.hours, day) for day in _WEEKDAYS):
        yield Issue("hours", "No day has hours, so agents never answer: name some, or remove this.")
    for action in flow.actions:
        if action.condition and "{" not in action.condition:
            yield Issue(
                f"action {action.id}",
                f"“{action.condition[:80]}” is a text without {{{{ }}}}, so this always runs: write "
                f"{{{{ {action.condition[:80]} }}}}.",
            )


def _is_time(text: str, time_zone: str) -> bool:
    for zone in ("", time_zone or "UTC"):  # a time with an offset, or one without
        with suppress(ValueError):
            parse_point_in_time(text, zone)
            return True
    return False


def find_unknown_channels(flow: Flow, channels: Container[str]) -> Iterator[Issue]:
    """Return the other ways for a message on a channel that does not exist."""
    for where, way in _iter_ways(flow):
        name = way.channel.partition("/")[0]
        if name and "{" not in name and name not in channels:
            yield Issue(where, f"There is no channel “{name}”: the message is not sent there.")


def _iter_ways(flow: Flow) -> Iterator[tuple[str, Way]]:
    if flow.outside_window:
        yield "outside_window", flow.outside_window
    for node in flow.nodes:
        instead = node.on_undelivered.instead.values() if node.on_undelivered else ()
        yield from ((f"node {node.id}", way) for way in (node.outside_window, *instead) if way)
