"""Metric families of several partitions as one: their sums, or the largest value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from prometheus_client import Metric
from prometheus_client.metrics_core import Metric as MetricFamily
from prometheus_client.samples import Sample

_LARGEST: Final = frozenset(
    {
        "turngate_oldest_unanswered_seconds",
        "turngate_longest_mailbox_messages",
        "turngate_workers",  # each worker is in every partition
        "turngate_circuit_breaker_open",
    }
)
_Key = tuple[str, tuple[tuple[str, str], ...]]


def add_families(parts: Sequence[Sequence[Metric]]) -> list[Metric]:
    """Return the families of the partitions `parts`, which are the same in each, with the values of all."""
    return [_add(same) if len(same) > 1 else same[0] for same in zip(*parts, strict=True)]


def _add(families: Sequence[Metric]) -> Metric:
    total = MetricFamily(families[0].name, families[0].documentation, families[0].type)
    values: dict[_Key, float] = {}
    for family in families:
        for sample in family.samples:
            key = (sample.name, tuple(sample.labels.items()))
            before = values.get(key, 0.0)
            is_largest = family.name in _LARGEST
            values[key] = max(before, sample.value) if is_largest else before + sample.value
    total.samples = [Sample(name, dict(labels), value) for (name, labels), value in values.items()]
    return total
