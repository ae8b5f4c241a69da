"""Present problems: what is wrong, what happens by itself and what to do, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.console.formats import count_of, format_duration
from gateway.redis.records.processes.delivery_reports import AccountAlarm
from gateway.redis.records.processes.gateway_status import GatewayStatus

_OVERDUE_MS = 60_000


class Alert(NamedTuple):
    """A problem: what is wrong, what happens if nobody acts, and the page to go to."""

    title: str
    effect: str
    link: str
    action: str
    tone: str = "bad"


def find_alerts(
    status: GatewayStatus, alarms: Sequence[AccountAlarm], storage_problem: str, worker_problem: str
) -> list[Alert]:
    """Return the present problems, the worst first."""
    alerts = []
    if storage_problem:
        alerts.append(
            Alert(
                f"Messages are refused: {storage_problem}",
                "Webhooks are answered with 503, so most providers send them again for some hours.",
                "/console/settings",
                "Check the settings",
            )
        )
    if worker_problem:
        alerts.append(
            Alert(
                "No worker is running",
                "Messages are stored and answered when one starts: `turngate worker`.",
                "/console/queue",
                "See the queue",
            )
        )
    alerts += [
        Alert(
            f"{each.account} is paused: {each.reason or 'too many sends failed'}",
            "Its replies are kept and tried again by themselves; the next try is "
            + (
                f"in {format_duration(each.next_try_ms - status.now_ms)}."
                if each.next_try_ms > status.now_ms
                else "due now."
            ),
            "/console/accounts",
            "See the accounts",
        )
        for each in status.paused
    ]
    if status.overdue_ms > _OVERDUE_MS:
        alerts.append(
            Alert(
                f"Work is late by {format_duration(status.overdue_ms)}",
                "Messages are kept. More workers shorten the wait.",
                "/console/queue",
                "See the queue",
            )
        )
    alerts += [_describe_alarm(each) for each in alarms]
    if status.dead_letters:
        alerts.append(
            Alert(
                f"{count_of(status.dead_letters, 'dead letter')}: given up after all tries",
                "Nothing happens until somebody replays or drops them.",
                "/console/failures",
                "See the failures",
                "warn",
            )
        )
    return alerts


def _describe_alarm(alarm: AccountAlarm) -> Alert:
    reason = f" ({alarm.reason})" if alarm.reason else ""
    if alarm.template:
        effect = "Messages with this template are not sent until the provider approves it."
        return Alert(
            f"{alarm.account}: {alarm.code}{reason}", effect, "/console/accounts", "See the accounts"
        )
    return Alert(
        f"{alarm.account} accepts replies and then reports {alarm.code}{reason}",
        "Replies do not arrive until the account is put in order at the provider.",
        "/console/accounts",
        "See the accounts",
    )
