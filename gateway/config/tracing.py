"""Traces with OpenTelemetry: each step of processing a message is a span, from the webhook to the send.

They are off unless OpenTelemetry's standard variables name an exporter (`OTEL_TRACES_EXPORTER`,
`OTEL_EXPORTER_OTLP_ENDPOINT`); sampling, resource and exporter obey these variables too. The extra `otel`
brings the packages. A trace's context is stored with a message and with its replies, in Redis.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version
from time import time_ns
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import ConfigurationError
from core.log_context import current_log_fields, hide_numbers
from core.steps import add_listener

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_ATTRIBUTES = ("message", "account")
_SEPARATOR = ";"


class _OpenSpan(NamedTuple):
    """An open span, and the context to restore at its end."""

    span: Any
    token: Any


class TraceListener:
    """Listener that records every step (`core.steps`) as a span."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry import context, trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._context, self._trace = context, trace
        self._propagator = TraceContextTextMapPropagator()
        self._tracer = provider.get_tracer("turngate", version("turngate"))
        kinds = trace.SpanKind
        self._kinds = {
            "webhook": kinds.SERVER,
            "accept": kinds.PRODUCER,
            "process": kinds.CONSUMER,
            "send": kinds.CLIENT,
            "model": kinds.CLIENT,
        }

    def enter(self, name: str, labels: Mapping[str, str], parent: str) -> _OpenSpan:
        """Begin a span, in the trace `parent` if it came from another process."""
        context, accepted_ns = self._read_parent(parent) if parent else (None, 0)
        if name == "process" and accepted_ns:
            context = self._record_queue(context, accepted_ns)
        fields = {f"turngate.{key}": value for key, value in labels.items()}
        known = current_log_fields()
        fields |= {f"turngate.{key}": hide_numbers(known[key]) for key in _ATTRIBUTES if key in known}
        kind = self._kinds.get(name, self._trace.SpanKind.INTERNAL)
        span = self._tracer.start_span(name, context, kind, fields)
        return _OpenSpan(span, self._context.attach(self._trace.set_span_in_context(span)))

    def leave(self, entered: _OpenSpan, result: str) -> None:
        """End a span."""
        entered.span.set_attribute("turngate.result", result)
        if result not in ("ok", "cancelled"):
            entered.span.set_status(self._trace.StatusCode.ERROR, result)
        entered.span.end()
        self._context.detach(entered.token)

    def trace(self) -> str:
        """Return the present span's `traceparent`, and the time in ms, for a process that continues it."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        parent = carrier.get("traceparent", "")
        return f"{parent}{_SEPARATOR}{time_ns() // 1_000_000}" if parent else ""

    def _read_parent(self, stored: str) -> tuple[Any, int]:
        parent, _, milliseconds = stored.partition(_SEPARATOR)
        context = self._propagator.extract({"traceparent": parent})
        return context, int(milliseconds) * 1_000_000 if milliseconds.isdecimal() else 0

    def _record_queue(self, context: Any, accepted_ns: int) -> Any:
        """Record the wait between acceptance and now as a span; what follows belongs to it."""
        now = time_ns()
        span = self._tracer.start_span("queue", context, start_time=min(accepted_ns, now))
        span.end(now)
        return self._trace.set_span_in_context(span, context)


def start_tracing(role: str) -> TracerProvider | None:
    """Trace this context's steps if the variables ask for it; `role` is `web` or `worker`.

    Return the provider, whose spans leave in the background and at the process's end. Raises
    `ConfigurationError` for an exporter that there is not.
    """
    name = _exporter_name(os.environ)
    if not name:
        return None
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ConfigurationError(
            "OTEL_TRACES_EXPORTER: traces need OpenTelemetry; run `pip install turngate[otel]`"
        ) from None
    attributes = {"service.version": version("turngate"), "turngate.role": role}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        attributes["service.name"] = "turngate"
    provider = TracerProvider(resource=Resource.create(attributes))
    provider.add_span_processor(BatchSpanProcessor(_build_exporter(name)))
    add_listener(TraceListener(provider))
    return provider


def _exporter_name(environ: Mapping[str, str]) -> str:
    """Return the exporter that the variables name; empty if traces are off."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return ""
    name = environ.get("OTEL_TRACES_EXPORTER", "").strip()
    if not name and any(environ.get(variable) for variable in _ENDPOINTS):
        name = "otlp"
    if name not in ("", "none", "otlp", "console"):
        raise ConfigurationError(f"OTEL_TRACES_EXPORTER: {name} is not otlp, console or none")
    return "" if name == "none" else name


def _build_exporter(name: str) -> Any:
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
