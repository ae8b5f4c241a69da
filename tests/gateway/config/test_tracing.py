"""Traces from the webhook through Redis to the send; off by default, and then nothing is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from redis.asyncio import Redis

from core.errors import ConfigurationError, Rejected
from core.model import TurnReceived
from core.steps import current_trace, listen
from flows.document import Flow
from flows.engine import DialogMachine
from flows.llm import ScriptedModel, TransitionDecision
from flows.tools import ToolCallRequest, tool
from gateway.config.tracing import TraceListener, start_tracing
from gateway.redis.inbox import RedisInbox
from tests.fakes import build_turn
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.server.test_metrics import build_web_process

SESSION = "fake:1"
NODE = {
    "id": "a",
    "name": "a",
    "static_text": "Hello!",
    "edges": [{"id": "on", "condition": "goes on", "target_node_id": "a"}],
}
FLOW: dict[str, Any] = {"system_prompt": "Help.", "initial_node": "a", "nodes": [NODE]}


@tool()
async def find_order(number: str) -> str:
    """Find an order."""
    return f"order {number} is on its way"


class TracedProcess:
    """Traced process with a separate listener, like another process."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self._provider = TracerProvider()
        self._provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.listener = TraceListener(self._provider)

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}


@pytest.fixture
def script() -> ScriptedModel:
    call = ToolCallRequest("find_order", {"number": "7"})
    return ScriptedModel([TransitionDecision(calls=(call,)), TransitionDecision(reply="It is on its way.")])


@pytest.fixture
async def gateway(redis: Redis, script: ScriptedModel) -> AsyncIterator[InboundGateway]:
    machine = DialogMachine(Flow.model_validate(FLOW), script, tools=[find_order])
    made = InboundGateway(redis, ["fake"], dialog=machine)
    yield made
    await made.mailbox.aclose()


def find_parents(spans: dict[str, ReadableSpan]) -> dict[str, str]:
    """Return the name of each span's parent."""
    names = {span.context.span_id: name for name, span in spans.items() if span.context}
    return {name: names[span.parent.span_id] if span.parent else "" for name, span in spans.items()}


async def test_one_trace_leads_from_the_webhook_to_the_send(gateway: InboundGateway) -> None:
    web, worker = TracedProcess(), TracedProcess()
    async with build_web_process(gateway.redis) as http:
        with listen(web.listener):
            await http.post("/webhooks/fake", content=b"1")
    with listen(worker.listener):
        await gateway.processor.run(SESSION)
    spans = {**web.spans, **worker.spans}

    assert len({span.context.trace_id for span in spans.values() if span.context}) == 1
    assert find_parents(spans) == {
        "webhook": "",
        "accept": "webhook",
        "queue": "accept",
        "process": "queue",
        "turn": "process",
        "model": "turn",
        "tool": "turn",
        "send": "process",
    }
    send = spans["send"].attributes or {}
    assert send["turngate.channel"] == "fake"
    assert str(send["turngate.message"]).startswith("M1.")
    assert send["turngate.result"] == "ok"
    queue = spans["queue"]
    assert queue.start_time is not None
    assert queue.end_time is not None
    assert queue.start_time <= queue.end_time
    assert gateway.channel.bodies[-1] == "It is on its way."


async def test_a_failed_send_is_an_error_and_no_span_has_a_text_or_number(gateway: InboundGateway) -> None:
    worker = TracedProcess()
    gateway.channel.planned_failures = [(Rejected("+15550170 is no number"), False)]
    with listen(worker.listener):
        await gateway.inbox.accept([TurnReceived(turn=build_turn(1, text="my secret words"))])
        await gateway.processor.run(SESSION)
    spans = worker.exporter.get_finished_spans()
    failed = [span.name for span in spans if span.status.status_code is StatusCode.ERROR]
    assert failed == ["send"]
    written = "".join(span.to_json() for span in spans)
    assert "secret words" not in written
    assert "1555" not in written


async def test_without_a_listener_nothing_is_stored_and_nothing_is_traced(redis: Redis) -> None:
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(1))])
    stored: Any = await redis.lindex("tg:{fake:1}:mail", 0)
    assert b"trace" not in stored
    assert current_trace() == ""


@pytest.fixture
def exporters(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"},
    ],
    ids=["unset", "none", "disabled"],
)
def test_traces_are_off_by_default(exporters: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        exporters.setenv(name, value)
    assert start_tracing("web") is None


def test_an_exporter_that_there_is_not_is_an_error_that_names_the_variable(
    exporters: pytest.MonkeyPatch,
) -> None:
    exporters.setenv("OTEL_TRACES_EXPORTER", "zipkin")
    with pytest.raises(ConfigurationError, match="OTEL_TRACES_EXPORTER: zipkin"):
        start_tracing("web")
