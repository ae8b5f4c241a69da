"""Metrics of this web process: its build, resources, and how fast it acknowledges webhooks."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import version

from prometheus_client import CollectorRegistry, GCCollector, Histogram, Metric, ProcessCollector
from prometheus_client.core import InfoMetricFamily

_ACK_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class ProcessMetrics:
    """Metrics of one process: Prometheus distinguishes processes by its label `instance`."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._acknowledgements = Histogram(
            "turngate_webhook_ack_seconds",
            "Time from a webhook's arrival to its response, of this process.",
            ["channel", "status"],
            buckets=_ACK_BOUNDS,
            registry=self._registry,
        )

    def observe_acknowledgement(self, channel: str, status: int, seconds: float) -> None:
        """Count the response to a webhook of a configured channel."""
        self._acknowledgements.labels(channel, str(status)).observe(seconds)

    def collect(self) -> Iterable[Metric]:
        """Return the metric families of this process."""
        build = InfoMetricFamily("turngate_build", "Version of Turngate and of Python.")
        build.add_metric((), {"version": version("turngate"), "python": platform.python_version()})
        yield build
        yield from self._registry.collect()
