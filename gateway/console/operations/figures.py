"""Tiles and rows of the overview: figures, their history of an hour, and links to their lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from core.counts import count_of
from gateway.console.layout.formats import format_duration, format_number
from gateway.console.operations.sparklines import Sparkline, draw_sparkline
from gateway.redis.records.processes.counters import Histogram
from gateway.redis.records.processes.gateway_status import GatewayStatus, PausedAccount
from gateway.redis.records.processes.load import Load
from gateway.redis.records.processes.traffic import (
    MinuteTraffic,
    merge_by_channel,
    merge_histograms,
)

_OVERDUE_SECONDS: Final = 60.0
_MAX_NAMED: Final = 3
_MAX_ACCOUNTS: Final = 50
_HIGH: Final = 0.95
_NO_BREAK: Final = "\u00a0"
_RECENT_MINUTES: Final = 5


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure: what it is, the page with its list, a sentence about it, and its chart if it has one."""

    label: str
    figure: str
    note: str
    link: str
    is_bad: bool = False
    chart: Sparkline | None = None


class AccountFigures(NamedTuple):
    """An account in the last hour. `send` and `answer` are those of its channel."""

    account: str
    messages: int
    replies: int
    errors: str
    error_count: int
    tokens_today: int
    send: Histogram
    answer: Histogram
    paused: PausedAccount | None = None


class TokenPrice(NamedTuple):
    """Price of a million tokens of the language model; 0 if it is not configured."""

    number: float = 0.0
    currency: str = ""

    def describe(self, tokens: int) -> str:
        """Return the cost of these tokens, such as `0.42 USD`; empty without a price."""
        cost = self.number * tokens / 1_000_000
        digits = 2 if cost >= 0.01 or not cost else 4
        return f"{cost:,.{digits}f} {self.currency}".strip() if self.number else ""


def parse_price(text: str) -> TokenPrice:
    """Return the price that `TURNGATE_LLM_PRICE` names."""
    number, _, currency = text.partition(" ")
    return TokenPrice(float(number or 0), currency)


def build_traffic_tiles(minutes: Sequence[MinuteTraffic], load: Load, price: TokenPrice) -> list[Tile]:
    """Return the tiles of the last hour: traffic, durations, errors and the language model."""
    errors = sum_errors(minutes)
    tokens = sum(load.tokens_today.values())
    cost = price.describe(tokens)
    return [
        _build_rate("Messages a minute", [sum(each.messages.values()) for each in minutes]),
        _build_rate("Replies a minute", [sum(each.replies.values()) for each in minutes]),
        _build_durations("Answer time, webhook to reply", [each.answers for each in minutes]),
        _build_durations("Send time, at the provider", [each.sends for each in minutes]),
        Tile(
            "Errors in the last hour",
            format_number(errors.total()),
            describe_most_frequent(errors) or "no reply failed or was refused",
            "/console/failures#errors",
            errors.total() > 0,
            draw_sparkline(
                [sum_errors([each]).total() for each in minutes], lambda most: f"{most:,.0f} a minute"
            ),
        ),
        Tile(
            "Tokens of the model today",
            format_number(tokens),
            f"{cost} · since midnight, UTC" if cost else "since midnight, UTC",
            "/console/accounts",
            chart=draw_sparkline(
                [sum(each.tokens.values()) for each in minutes], lambda most: f"{most:,.0f} a minute"
            ),
        ),
        _build_oldest(load, minutes),
    ]


def build_account_tiles(minutes: Sequence[MinuteTraffic], account: str) -> list[Tile]:
    """Return the tiles of one account in the last hour; durations are those of its channel."""
    channel = account.partition(":")[0]
    errors = [sum(number for (name, _), number in each.errors.items() if name == account) for each in minutes]
    return [
        _build_rate("Messages a minute", [each.messages.get(account, 0) for each in minutes]),
        _build_rate("Replies a minute", [each.replies.get(account, 0) for each in minutes]),
        _build_durations("Send time of the channel", [_select(each.sends, channel) for each in minutes]),
        _build_durations("Answer time of the channel", [_select(each.answers, channel) for each in minutes]),
        Tile(
            "Errors in the last hour",
            format_number(sum(errors)),
            "by class below",
            "#errors",
            sum(errors) > 0,
            draw_sparkline(errors, lambda most: f"{most:,.0f} a minute"),
        ),
    ]


def _select(histograms: Mapping[str, Histogram], channel: str) -> Mapping[str, Histogram]:
    return {name: each for name, each in histograms.items() if name == channel}


def sum_errors(minutes: Iterable[MinuteTraffic]) -> Counter[tuple[str, str]]:
    """Return the number of errors by account or channel and class: failed calls, refusals, dead letters."""
    total: Counter[tuple[str, str]] = Counter()
    for minute in minutes:
        total.update(minute.errors)
        for (channel, kind), number in minute.failed_sends.items():
            total[channel, f"failed send: {kind}"] += number
    return total


def describe_most_frequent(errors: Mapping[tuple[str, str], int]) -> str:
    """Return the most frequent errors in words."""
    ordered = sorted(errors.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [f"{number:,} {kind} ({name.partition(':')[0]})" for (name, kind), number in ordered[:_MAX_NAMED]]
    return " · ".join([*named, "…"] if len(ordered) > _MAX_NAMED else named)


def build_account_rows(
    minutes: Sequence[MinuteTraffic], load: Load, status: GatewayStatus
) -> list[AccountFigures]:
    """Return the accounts with traffic in the last hour or an open circuit breaker, trouble first."""
    messages, replies, errors = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for minute in minutes:
        messages.update(minute.messages)
        replies.update(minute.replies)
        errors.update(minute.errors)
    paused = {each.account: each for each in status.paused}
    names = {*messages, *replies, *(name for name, _ in errors), *paused, *load.tokens_today} - {""}
    sends = merge_by_channel(each.sends for each in minutes)
    answers = merge_by_channel(each.answers for each in minutes)
    rows = []
    for name in names:
        channel = name.partition(":")[0]
        own = {key: number for key, number in errors.items() if key[0] == name}
        rows.append(
            AccountFigures(
                name,
                messages[name],
                replies[name],
                " · ".join(f"{number:,} {kind}" for (_, kind), number in sorted(own.items())),
                sum(own.values()),
                load.tokens_today.get(name, 0),
                sends.get(channel, Histogram()),
                answers.get(channel, Histogram()),
                paused.get(name),
            )
        )
    rows.sort(key=lambda row: (row.paused is None, -row.error_count, row.account))
    return rows[:_MAX_ACCOUNTS]


def describe_quantiles(histogram: Histogram) -> str:
    """Return what 50, 95 and 99 of 100 durations do not exceed."""
    shares = [f"{share:.0%} {_quantile(histogram, share)}" for share in (0.5, 0.95, 0.99)]
    return " · ".join(each.replace(" ", _NO_BREAK) for each in shares)


def describe_high(histogram: Histogram) -> str:
    """Return what 95 of 100 durations do not exceed."""
    return _quantile(histogram, _HIGH)


def _build_rate(label: str, numbers: Sequence[int]) -> Tile:
    recent = numbers[-_RECENT_MINUTES:]
    usual = sum(numbers) / max(len(numbers), 1)
    return Tile(
        label,
        f"{sum(recent) / max(len(recent), 1):,.1f}",
        f"in the last 5 minutes; {usual:,.1f} on average, {sum(numbers):,} in the last hour",
        "/console/conversations",
        chart=draw_sparkline(numbers, lambda most: f"{most:,.0f} a minute"),
    )


def _build_durations(label: str, parts: Sequence[Mapping[str, Histogram]]) -> Tile:
    total = merge_histograms(parts)
    highs = [(merge_histograms([part]).quantile_seconds(_HIGH) or 0) * 1000 for part in parts]
    return Tile(
        label,
        _quantile(total, 0.5),
        f"{describe_quantiles(total)} of {total.count:,}" if total.count else "none in the last hour",
        "/console/accounts",
        chart=draw_sparkline(highs, lambda most: f"{format_duration(most)} for 95%"),
    )


def _build_oldest(load: Load, minutes: Sequence[MinuteTraffic]) -> Tile:
    """Return how long the oldest unanswered message waits; its chart is how long the queue took."""
    oldest = load.oldest_unanswered_seconds
    waits = [(merge_histograms([each.queue_waits]).quantile_seconds(_HIGH) or 0) * 1000 for each in minutes]
    return Tile(
        "Oldest unanswered message",
        format_duration(oldest * 1000) if load.unanswered_sessions else "none",
        f"{count_of(load.unanswered_sessions, 'conversation')} to answer"
        if load.unanswered_sessions
        else "every message is answered",
        "/console/queue",
        oldest > _OVERDUE_SECONDS,
        draw_sparkline(waits, lambda most: f"{format_duration(most)} in the queue"),
    )


def _quantile(histogram: Histogram, share: float) -> str:
    seconds = histogram.quantile_seconds(share)
    return "–" if seconds is None else format_duration(seconds * 1000)
