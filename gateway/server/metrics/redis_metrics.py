"""Metrics that are in Redis: every web process shows the same values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from gateway.redis.records.processes.counters import Counters
from gateway.redis.records.processes.delivery_reports import is_delivery_counter, parse_delivery_counts
from gateway.redis.records.processes.load import MEASURED_SESSIONS, Load

_SAMPLE = f"of the {MEASURED_SESSIONS} sessions that wait longest"

_BY_CLASS = {
    "messages": (
        "turngate_messages",
        "Messages received, by outcome: new, duplicate, full, silenced or participant.",
    ),
    "replies": (
        "turngate_replies",
        "Replies that the provider accepted, by sender: bot, person or proactive.",
    ),
    "refusals": (
        "turngate_refused_replies",
        "Replies that were refused before sending or rejected by the provider, by class.",
    ),
    "dead": (
        "turngate_dead_letters",
        "Turns and replies that were given up, by class of the failure (turn: a turn).",
    ),
}
_HISTOGRAMS = {
    "queue_wait": (
        "turngate_queue_wait_seconds",
        "Time from a message's acceptance to the start of its turn.",
        ("channel",),
    ),
    "answer": (
        "turngate_webhook_to_reply_seconds",
        "Time from a message's acceptance to the provider's acceptance of the first reply.",
        ("channel",),
    ),
    "turn": ("turngate_turn_seconds", "Duration of a turn in the dialog.", ("channel", "result")),
    "model": (
        "turngate_model_call_seconds",
        "Duration of a call of the language model.",
        ("model", "operation", "result"),
    ),
    "tool": (
        "turngate_tool_call_seconds",
        "Duration of a flow's tool or action.",
        ("tool", "type", "result"),
    ),
    "send": (
        "turngate_send_seconds",
        "Duration of a call that sends a reply to the provider.",
        ("channel", "result"),
    ),
}


def build_counters(counters: Counters) -> Iterator[Metric]:
    """Return the families of all counters and histograms, also of those that counted nothing yet."""
    events = CounterMetricFamily(
        "turngate_events", "Events since the first start, by kind.", labels=["event"]
    )
    for name, value in counters.others.items():
        if not is_delivery_counter(name):
            events.add_metric([name.decode("utf-8", "replace")], int(value))
    yield events
    deliveries = CounterMetricFamily(
        "turngate_deliveries",
        "Delivery statuses that providers reported, by class of the failure.",
        labels=["channel", "status", "failure"],
    )
    for count in parse_delivery_counts(counters.others):
        deliveries.add_metric([count.channel, count.status, count.failure], count.messages)
    yield deliveries
    yield from _build_classes(counters)
    yield from _build_histograms(counters)


def _build_classes(counters: Counters) -> Iterator[Metric]:
    for name, (metric, text) in _BY_CLASS.items():
        family = CounterMetricFamily(metric, text, labels=["channel", "account", "class"])
        for count in counters.classes:
            if count.name == name:
                family.add_metric([*_split_account(count.account), count.kind], count.number)
        yield family
    tokens = CounterMetricFamily(
        "turngate_model_tokens", "Tokens that the language model used.", labels=["channel", "account"]
    )
    for count in counters.classes:
        if count.name == "tokens":
            tokens.add_metric(_split_account(count.account), count.number)
    yield tokens


def _build_histograms(counters: Counters) -> Iterator[Metric]:
    for name, (metric, text, labels) in _HISTOGRAMS.items():
        family = HistogramMetricFamily(metric, text, labels=labels)
        for (measured, *values), histogram in counters.histograms.items():
            if measured == name and len(values) == len(labels):
                buckets = [
                    ("+Inf" if bound is None else f"{bound / 1000:g}", total)
                    for bound, total in histogram.cumulative_counts()
                ]
                family.add_metric(values, buckets, histogram.sum_ms / 1000)
        yield family


def build_gauges(load: Load, alarms: int) -> Iterable[Metric]:
    """Return the families of what waits or runs now."""
    gauges = {
        "turngate_queued_drains": ("Jobs in the queue.", load.queued_jobs),
        "turngate_jobs_in_progress": ("Jobs that workers process now.", load.running_jobs),
        "turngate_due_sessions": ("Sessions with work or a timer.", load.due_sessions),
        "turngate_paused_accounts": ("Accounts with an open circuit breaker.", len(load.open_breakers)),
        "turngate_account_alarms": ("Accounts and templates with an alarm in the last 24 hours.", alarms),
        "turngate_oldest_unanswered_seconds": (
            "Age of the oldest accepted message that is not answered yet; 0 if there is none.",
            load.oldest_unanswered_seconds,
        ),
        "turngate_unanswered_sessions": (
            "Sessions with a message that is not answered yet.",
            load.unanswered_sessions,
        ),
        "turngate_mailbox_messages": (f"Messages in the mailboxes {_SAMPLE}.", load.mailbox_messages),
        "turngate_longest_mailbox_messages": (
            f"Messages in the longest mailbox {_SAMPLE}.",
            load.longest_mailbox,
        ),
        "turngate_workers": ("Workers that are alive.", load.workers),
        "turngate_kept_dead_letters": ("Dead letters that wait for an operator.", load.dead_letters),
        "turngate_scheduled_messages": (
            "Messages that are scheduled for later.",
            load.scheduled_messages,
        ),
        "turngate_desk_sessions": (
            "Sessions that wait for an agent or belong to one.",
            load.desk_sessions,
        ),
    }
    for name, (text, value) in gauges.items():
        yield GaugeMetricFamily(name, text, value=value)
    yield _build_breakers(load)
    tokens = GaugeMetricFamily(
        "turngate_model_tokens_today",
        "Tokens that the language model used on this day, in UTC.",
        labels=["channel", "account"],
    )
    for account, number in load.tokens_today.items():
        tokens.add_metric(_split_account(account), number)
    yield tokens


def _build_breakers(load: Load) -> Metric:
    family = GaugeMetricFamily(
        "turngate_circuit_breaker_open",
        "1 while the account's circuit breaker is open, so that replies wait.",
        labels=["channel", "account"],
    )
    known = {each.account for each in load.counters.classes if each.account}
    for account in sorted({*known, *load.open_breakers}):
        family.add_metric(_split_account(account), int(account in load.open_breakers))
    return family


def _split_account(account: str) -> Sequence[str]:
    channel, _, name = account.partition(":")
    return channel, name
