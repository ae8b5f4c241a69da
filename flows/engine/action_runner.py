"""What a turn does beside talking: the actions of the nodes and edges that it passes, the model's tools."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from pydantic import JsonValue

from core.model import Turn
from core.ports import HttpFetcher, TurnListener
from flows.document import Action, ActionTrigger, Tool
from flows.engine.response_builder import ResponseBuilder
from flows.tools import (
    Context,
    PythonTool,
    ToolCallRequest,
    ToolDefinition,
    failure_result,
    get_path,
    validate_arguments,
)
from flows.tools.http import HttpAction, HttpActionResult, execute_action
from flows.tools.mcp.tool import McpTool

MAX_CALLS_PER_TURN = 30
MAX_ENVIRONMENT_VALUE_LENGTH = 2_000
MAX_ENVIRONMENT_VALUES = 20
MAX_COMPLETED_ACTIONS = 50

_NO_PARAMETERS: Mapping[str, JsonValue] = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class EngineServices:
    """What the operator gives the engine to act with. Without `fetch` no call leaves the house.

    `now` is the clock that business hours go by.
    """

    fetch: HttpFetcher | None = None
    secrets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tools: Mapping[str, PythonTool] = field(default_factory=lambda: MappingProxyType({}))
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


class ActionRunner:
    """Acts for one turn. `used` are the tools and actions that were run, a failed one with a `!` after it."""

    def __init__(
        self, speaker: ResponseBuilder, turn: Turn, means: EngineServices, watcher: TurnListener
    ) -> None:
        self.response_builder = speaker
        self.state = speaker.state
        self.flow = speaker.flow
        self.turn = turn
        self.services = means
        self.executed: list[str] = []
        self._listener = watcher
        self._call_count = 0
        self._executions: dict[str, int] = {}

    async def run(self, triggers: Iterable[ActionTrigger]) -> str:
        """Run actions one by one; the failure edge of the last that failed and has one."""
        edge, place = "", self._trigger_location(triggers)
        for index, trigger in enumerate(triggers):
            action = self.flow.actions[trigger.action_id]
            if not await self._run_action(action, f"{place}:{index}") and trigger.on_failure:
                edge = trigger.on_failure
        return edge

    def _trigger_location(self, triggers: Iterable[ActionTrigger]) -> str:
        """Where in the flow they stand: on the way into the present node, out of it, or over an edge."""
        node = self.response_builder.node
        if triggers is node.on_enter:
            return "enter"
        if triggers is node.on_exit:
            return "exit"
        edges = (*node.edges, *self.flow.global_edges)
        return next((f"edge:{edge.id}" for edge in edges if edge.edge.actions is triggers), "edge")

    async def _run_action(self, compiled: HttpAction, place: str) -> bool:
        """Whether the action succeeded, or had no need to run."""
        action, values = compiled.action, self.response_builder.template_values
        if action.run_once and self._has_succeeded_before(action):
            return True
        if not compiled.is_applicable(values):
            return True
        result, whole = await self._execute_http(compiled, values, self._idempotency_key(place, action.id))
        if action.run_once and result["success"]:
            others = (each for each in self.state.done if each != action.id)
            self.state.done = (*others, action.id)[-MAX_COMPLETED_ACTIONS:]
        if action.store_response_as:
            self.state.set_result(action.store_response_as, result)
        for update in action.env_updates:
            value = get_path(whole, update.result_path)
            known = self.state.environment
            if value is not None and (update.env_key in known or len(known) < MAX_ENVIRONMENT_VALUES):
                self.state.set_environment(update.env_key, str(value)[:MAX_ENVIRONMENT_VALUE_LENGTH])
        return bool(result["success"])

    def _has_succeeded_before(self, action: Action) -> bool:
        before = self.state.results.get(action.store_response_as or "")
        # a state that was stored before there was `done` has the result alone
        return action.id in self.state.done or (isinstance(before, dict) and bool(before.get("success")))

    def available_tools(self) -> tuple[ToolDefinition, ...]:
        """The tools that the model may call at the present node; an edge of the same name goes first."""
        node = self.response_builder.node
        if not (self.services.tools or self.flow.tools or node.node.tools):
            return ()
        edges = {edge.id for edge in (*node.edges, *self.flow.global_edges)}
        offers: dict[str, ToolDefinition] = {}
        for tool in (*node.node.tools, *self.flow.tools):
            if tool.id not in offers and self._can_run(tool):
                offers[tool.id] = self._describe_tool(tool)
        for name, own in self.services.tools.items():
            if name not in self.flow.handler_ids:
                offers.setdefault(name, own.definition)
        return tuple(offer for name, offer in offers.items() if name not in edges)

    async def call_tool(self, call: ToolCallRequest) -> tuple[dict[str, JsonValue], str]:
        """Run a tool that the model asked for; its result, and its failure edge if it failed and has one."""
        declared = next(
            (t for t in (*self.response_builder.node.node.tools, *self.flow.tools) if t.id == call.name), None
        )
        if call.name not in {offer.name for offer in self.available_tools()}:
            return failure_result("there is no such tool here"), ""
        # a Python function looks at its arguments itself
        schema = declared.input_schema if declared and declared.type != "python" else None
        if schema and (reason := validate_arguments(schema, call.arguments)):
            # the model may do it better, so this is no failure of the tool's yet
            return self._record_execution(call.name, failure_result(reason)), ""
        if declared and declared.type == "http":
            result = await self._call_http_tool(declared, call)
        elif declared and declared.type == "mcp":
            result = await self._call_mcp_tool(self.flow.mcp_tools[declared.id], call)
        else:
            handler = (declared.handler_id or declared.id) if declared else call.name
            result = await self._call_python_tool(self.services.tools[handler], call)
        self.state.set_result(call.name, result)
        failure = (declared.on_failure or "") if declared and not result["success"] else ""
        return result, failure

    def _can_run(self, tool: Tool) -> bool:
        if tool.type == "http":
            return tool.id in self.flow.http_tools and self.services.fetch is not None
        if tool.type == "mcp":
            return tool.id in self.flow.mcp_tools and self.services.fetch is not None
        return tool.type == "python" and (tool.handler_id or tool.id) in self.services.tools

    def _describe_tool(self, tool: Tool) -> ToolDefinition:
        handler = self.services.tools.get(tool.handler_id or tool.id)
        own = handler.definition.parameters if handler and tool.type == "python" else _NO_PARAMETERS
        given = {"type": "object", **tool.input_schema} if tool.input_schema else own
        return ToolDefinition(tool.id, tool.description or tool.name, given)

    async def _call_python_tool(self, tool: PythonTool, call: ToolCallRequest) -> dict[str, JsonValue]:
        if self._exceeds_call_limit():
            return failure_result("too many calls in one turn")
        if tool.has_side_effects:
            await self._mark_irreversible()
        context = Context(
            self.turn.session, self.turn.id, self._tool_idempotency_key(call), dict(self.state.slots)
        )
        return self._record_execution(call.name, await tool.run(call.arguments, context))

    async def _call_http_tool(self, tool: Tool, call: ToolCallRequest) -> dict[str, JsonValue]:
        arguments = dict(call.arguments)
        compiled = self.flow.http_tools[tool.id]
        # what the model made up may not stand in for what an action or the operator has set
        known = self.response_builder.template_values
        environment = known["env"]
        assert isinstance(environment, dict), "the speaker's values have one"
        values = {**known, **arguments, **self.state.results, **environment, "arguments": arguments}
        return (
            await self._execute_http(compiled, values, self._tool_idempotency_key(call), arguments)
        ).result

    async def _call_mcp_tool(self, tool: McpTool, call: ToolCallRequest) -> dict[str, JsonValue]:
        fetch = self.services.fetch
        if fetch is None:
            return failure_result("calls to other systems are switched off here")
        if self._exceeds_call_limit():
            return failure_result("too many calls in one turn")
        await self._mark_irreversible()  # what the server does is not known here
        values, secrets = self.response_builder.template_values, self.services.secrets
        result = await tool.run(call.arguments, values, self._tool_idempotency_key(call), fetch, secrets)
        return self._record_execution(call.name, result)

    async def _execute_http(
        self,
        action: HttpAction,
        values: Mapping[str, JsonValue],
        key: str,
        arguments: Mapping[str, JsonValue] | None = None,
    ) -> HttpActionResult:
        fetch = self.services.fetch
        if fetch is None:
            outcome = HttpActionResult.from_failure("calls to other systems are switched off here")
        elif self._exceeds_call_limit():
            outcome = HttpActionResult.from_failure("too many calls in one turn")
        else:
            if action.has_side_effects:
                await self._mark_irreversible()
            outcome = await execute_action(action, values, key, fetch, self.services.secrets, arguments)
        self._record_execution(action.action.id, outcome.result)
        return outcome

    def _record_execution(self, name: str, result: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Keep for the record what was run: nothing of what went in or came out."""
        self.executed.append(name if result["success"] else f"{name}!")
        return result

    def _exceeds_call_limit(self) -> bool:
        self._call_count += 1
        return self._call_count > MAX_CALLS_PER_TURN

    async def _mark_irreversible(self) -> None:
        if not self.response_builder.has_side_effects:
            await self._listener.on_side_effect()
            self.response_builder.has_side_effects = True

    def _tool_idempotency_key(self, call: ToolCallRequest) -> str:
        # not the number of the call: run again, the model may look up more or less before the same deed
        return self._idempotency_key("tool", call.name, json.dumps(dict(call.arguments), sort_keys=True))

    def _idempotency_key(self, *deed: str) -> str:
        """The same for the same deed of the same turn, also when the turn is run again after a crash.

        What is done twice in one turn has two.
        """
        node = self.state.node
        parts = (self.turn.session, self.turn.id, node, str(self.state.visits.get(node, 0)), *deed)
        name = "\x1f".join(parts)
        times = self._executions[name] = self._executions.get(name, 0) + 1
        return hashlib.sha256(f"{name}\x1f{times}".encode()).hexdigest()[:32]
