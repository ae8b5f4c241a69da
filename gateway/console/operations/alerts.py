"""Current problems, the most severe first: what is wrong, what recovers automatically, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from core.counts import count_of
from gateway.console.layout.formats import format_duration
from gateway.redis.records.processes.delivery_reports import AccountAlarm
from gateway.redis.records.processes.gateway_status import GatewayStatus, PausedAccount

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
    return [
        *_find_outages(storage_problem, worker_problem),
        *(_describe_pause(each, status.now_ms) for each in status.paused),
        *_find_delays(status),
        *(_describe_alarm(each) for each in alarms),
        *_find_dead_letters(status),
    ]


def _find_outages(storage_problem: str, worker_problem: str) -> Iterator[Alert]:
    if storage_problem:
        yield Alert(
            f"Messages are refused: {storage_problem}",
            "Webhooks are answered with 503, so most providers send them again for some hours.",
            "/console/settings",
            "Check the settings",
        )
    if worker_problem:
        yield Alert(
            "No worker is running",
            "Messages are stored and answered when one starts: `turngate worker`.",
            "/console/queue",
            "See the queue",
        )


def _describe_pause(account: PausedAccount, now_ms: int) -> Alert:
    wait_ms = account.next_try_ms - now_ms
    next_try = f"in {format_duration(wait_ms)}." if wait_ms > 0 else "due now."
    return Alert(
        f"{account.account} is paused: {account.reason or 'too many sends failed'}",
        f"Its replies are kept and retried automatically; the next try is {next_try}",
        "/console/accounts",
        "See the accounts",
    )


def _find_delays(status: GatewayStatus) -> Iterator[Alert]:
    if status.overdue_ms > _OVERDUE_MS:
        yield Alert(
            f"Work is late by {format_duration(status.overdue_ms)}",
            "Messages are kept. More workers shorten the wait.",
            "/console/queue",
            "See the queue",
        )


def _find_dead_letters(status: GatewayStatus) -> Iterator[Alert]:
    if status.dead_letters:
        yield Alert(
            f"{count_of(status.dead_letters, 'dead letter')}: given up after all tries",
            "They wait until an operator replays or drops them.",
            "/console/failures",
            "See the failures",
            "warn",
        )


def _describe_alarm(alarm: AccountAlarm) -> Alert:
    reason = f" ({alarm.reason})" if alarm.reason else ""
    if alarm.template:
        effect = "Messages with this template are not sent until the provider approves it."
        return Alert(
            f"{alarm.account}: {alarm.code}{reason}", effect, "/console/accounts", "See the accounts"
        )
    return Alert(
        f"{alarm.account} accepts replies and then reports {alarm.code}{reason}",
        "Replies do not arrive until the account is fixed at the provider.",
        "/console/accounts",
        "See the accounts",
    )
