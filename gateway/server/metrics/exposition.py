"""Prometheus' text format, version 0.0.4, of metric families."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from prometheus_client import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FAMILY_SUFFIXES = {"counter": "_total", "info": "_info"}
_TYPES = {"info": "gauge", "unknown": "untyped"}
_OPENMETRICS_ONLY = "_created"


def render_metrics(families: Iterable[Metric]) -> str:
    """Render metric families.

    The client library's own writer sorts labels by name and shows whole numbers as floats; programs that read
    these lines as text rely on the order and the number format of earlier releases.
    """
    lines = []
    for family in families:
        name = family.name + _FAMILY_SUFFIXES.get(family.type, "")
        lines.append(f"# HELP {name} {_escape(family.documentation)}")
        lines.append(f"# TYPE {name} {_TYPES.get(family.type, family.type)}")
        lines += [
            f"{sample.name}{_render_labels(sample.labels)} {_render_number(sample.value)}"
            for sample in family.samples
            if not sample.name.endswith(_OPENMETRICS_ONLY)
        ]
    return "\n".join(lines) + "\n"


def _render_labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_escape(value, quotes=True)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _render_number(value: float) -> str:
    if math.isfinite(value):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _escape(text: str, *, quotes: bool = False) -> str:
    escaped = text.replace("\\", r"\\").replace("\n", r"\n")
    return escaped.replace('"', r"\"") if quotes else escaped
