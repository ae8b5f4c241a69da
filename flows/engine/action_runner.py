"""Runs the actions and tool calls of a turn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from core.steps import Step
from flows.document import Action, ActionTrigger, Tool
from flows.engine.turn_context import TurnContext
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
"""Maximum number of external calls in one turn: HTTP actions and tools of every type."""

MAX_ENVIRONMENT_VALUE_LENGTH = 2_000
MAX_ENVIRONMENT_VALUES = 20
MAX_COMPLETED_ACTIONS = 50


class ConsentMissing(Exception):
    """An action would do something irreversible that the user has not agreed to."""


_NO_PARAMETERS: Mapping[str, JsonValue] = {"type": "object", "properties": {}}
_CALL_LIMIT_EXCEEDED = "too many calls in one turn"
_CALLS_DISABLED = "calls to other systems are disabled here"


async def run_actions(context: TurnContext, triggers: Iterable[ActionTrigger]) -> str:
    """Run actions in order; return the id of the failure edge of the last that failed and has one."""
    edge_id, location = "", _trigger_location(context, triggers)
    for index, trigger in enumerate(triggers):
        action = context.flow.actions[trigger.action_id]
        if not await _run_action(context, action, f"{location}:{index}") and trigger.on_failure:
            edge_id = trigger.on_failure
    return edge_id


def available_tools(context: TurnContext) -> tuple[ToolDefinition, ...]:
    """Return the tools that the model may call at the node; an edge of the same name takes precedence."""
    node, flow, services = context.node, context.flow, context.services
    if context.needs_consent or not (services.tools or flow.tools or node.node.tools):
        return ()
    edge_ids = {edge.id for edge in (*node.edges, *flow.global_edges)}
    definitions: dict[str, ToolDefinition] = {}
    for tool in (*node.node.tools, *flow.tools):
        if tool.id not in definitions and _can_run(context, tool):
            definitions[tool.id] = _describe_tool(context, tool)
    for name, function in services.tools.items():
        if name not in flow.handler_ids:
            definitions.setdefault(name, function.definition)
    return tuple(definition for name, definition in definitions.items() if name not in edge_ids)


async def call_tool(context: TurnContext, call: ToolCallRequest) -> tuple[dict[str, JsonValue], str]:
    """Run a tool that the model called; return its result and, if it failed, the id of its failure edge."""
    flow = context.flow
    declared = next((t for t in (*context.node.node.tools, *flow.tools) if t.id == call.name), None)
    if call.name not in {definition.name for definition in available_tools(context)}:
        return failure_result("this tool does not exist here"), ""
    # a Python function validates its arguments itself
    schema = declared.input_schema if declared and declared.type != "python" else None
    if schema and (reason := validate_arguments(schema, call.arguments)):
        # the model may correct its arguments, so this is not yet a failure of the tool
        return _record_execution(context, call.name, failure_result(reason)), ""
    with Step("tool", {"tool": call.name, "type": declared.type if declared else "python"}):
        if declared and declared.type == "http":
            result = await _call_http_tool(context, declared, call)
        elif declared and declared.type == "mcp":
            result = await _call_mcp_tool(context, flow.mcp_tools[declared.id], call)
        else:
            handler = (declared.handler_id or declared.id) if declared else call.name
            result = await _call_python_tool(context, context.services.tools[handler], call)
    context.state.set_result(call.name, result)
    failure_edge = (declared.on_failure or "") if declared and not result["success"] else ""
    return result, failure_edge


def _trigger_location(context: TurnContext, triggers: Iterable[ActionTrigger]) -> str:
    """Return where in the flow the triggers are declared: on entering or leaving the node, or on an edge."""
    node = context.node
    if triggers is node.on_enter:
        return "enter"
    if triggers is node.on_exit:
        return "exit"
    edges = (*node.edges, *context.flow.global_edges)
    return next((f"edge:{edge.id}" for edge in edges if edge.edge.actions is triggers), "edge")


async def _run_action(context: TurnContext, compiled: HttpAction, location: str) -> bool:
    """Run one action; return whether it succeeded or did not have to run."""
    action, state, values = compiled.action, context.state, context.template_values
    if action.run_once and _has_succeeded_before(context, action):
        return True
    if not compiled.is_applicable(values):
        return True
    if context.needs_consent and compiled.has_side_effects:
        raise ConsentMissing
    key = _idempotency_key(context, location, action.id)
    with Step("tool", {"tool": action.id, "type": "action"}):
        result, full_result = await _execute_http(context, compiled, values=values, key=key)
    if action.run_once and result["success"]:
        others = (each for each in state.done if each != action.id)
        state.done = (*others, action.id)[-MAX_COMPLETED_ACTIONS:]
    if action.store_response_as:
        state.set_result(action.store_response_as, result)
    for update in action.env_updates:
        value = get_path(full_result, update.result_path)
        has_room = update.env_key in state.environment or len(state.environment) < MAX_ENVIRONMENT_VALUES
        if value is not None and has_room:
            state.set_environment(update.env_key, str(value)[:MAX_ENVIRONMENT_VALUE_LENGTH])
    return bool(result["success"])


def _has_succeeded_before(context: TurnContext, action: Action) -> bool:
    before = context.state.results.get(action.store_response_as or "")
    # states stored by versions without `done` have only the result
    return action.id in context.state.done or (isinstance(before, dict) and bool(before.get("success")))


def _can_run(context: TurnContext, tool: Tool) -> bool:
    flow, services = context.flow, context.services
    if tool.type == "http":
        return tool.id in flow.http_tools and services.fetch is not None
    if tool.type == "mcp":
        return tool.id in flow.mcp_tools and services.fetch is not None
    return tool.type == "python" and (tool.handler_id or tool.id) in services.tools


def _describe_tool(context: TurnContext, tool: Tool) -> ToolDefinition:
    handler = context.services.tools.get(tool.handler_id or tool.id)
    default = handler.definition.parameters if handler and tool.type == "python" else _NO_PARAMETERS
    parameters = {"type": "object", **tool.input_schema} if tool.input_schema else default
    return ToolDefinition(tool.id, tool.description or tool.name, parameters)


async def _call_python_tool(
    context: TurnContext, tool: PythonTool, call: ToolCallRequest
) -> dict[str, JsonValue]:
    if _exceeds_call_limit(context):
        return failure_result(_CALL_LIMIT_EXCEEDED)
    if tool.has_side_effects:
        await _mark_irreversible(context)
    key = _tool_idempotency_key(context, call)
    tool_context = Context(
        context.turn.session, context.turn.id, key, dict(context.state.slots), dict(context.message)
    )
    return _record_execution(context, call.name, await tool.run(call.arguments, tool_context))


async def _call_http_tool(context: TurnContext, tool: Tool, call: ToolCallRequest) -> dict[str, JsonValue]:
    arguments = dict(call.arguments)
    compiled = context.flow.http_tools[tool.id]
    # the model's arguments must not override what an action or the operator has set
    template_values = context.template_values
    environment = template_values["env"]
    assert isinstance(environment, dict), "template values always have the environment"
    values = {**template_values, **arguments, **context.state.results, **environment, "arguments": arguments}
    key = _tool_idempotency_key(context, call)
    return (await _execute_http(context, compiled, values=values, key=key, arguments=arguments)).result


async def _call_mcp_tool(context: TurnContext, tool: McpTool, call: ToolCallRequest) -> dict[str, JsonValue]:
    fetch = context.services.fetch
    if fetch is None:
        return failure_result(_CALLS_DISABLED)
    if _exceeds_call_limit(context):
        return failure_result(_CALL_LIMIT_EXCEEDED)
    await _mark_irreversible(context)  # an MCP call may have any side effect
    values, secrets = context.template_values, context.services.secrets
    key = _tool_idempotency_key(context, call)
    return _record_execution(
        context, call.name, await tool.run(call.arguments, values, key=key, fetch=fetch, secrets=secrets)
    )


async def _execute_http(
    context: TurnContext,
    action: HttpAction,
    *,
    values: Mapping[str, JsonValue],
    key: str,
    arguments: Mapping[str, JsonValue] | None = None,
) -> HttpActionResult:
    fetch = context.services.fetch
    if fetch is None:
        result = HttpActionResult.from_failure(_CALLS_DISABLED)
    elif _exceeds_call_limit(context):
        result = HttpActionResult.from_failure(_CALL_LIMIT_EXCEEDED)
    else:
        if action.has_side_effects:
            await _mark_irreversible(context)
        result = await execute_action(
            action,
            values,
            key=key,
            fetch=fetch,
            secrets=context.services.secrets,
            arguments=arguments,
        )
    _record_execution(context, action.action.id, result.result)
    return result


def _record_execution(context: TurnContext, name: str, result: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Record that a tool or an action ran, without its arguments and its result; return the result."""
    context.executed.append(name if result["success"] else f"{name}!")
    return result


def _exceeds_call_limit(context: TurnContext) -> bool:
    context.usage.calls += 1
    return context.usage.calls > MAX_CALLS_PER_TURN


async def _mark_irreversible(context: TurnContext) -> None:
    """Announce the turn's first side effect to the listener, which raises if the turn may not go on."""
    if not context.has_side_effects:
        await context.listener.on_side_effect()
        context.has_side_effects = True


def _tool_idempotency_key(context: TurnContext, call: ToolCallRequest) -> str:
    # without the call's position: when the turn runs again, the model may make other calls before this one
    return _idempotency_key(context, "tool", call.name, json.dumps(dict(call.arguments), sort_keys=True))


def _idempotency_key(context: TurnContext, *execution: str) -> str:
    """Return a key that is the same when the turn runs again after a crash.

    Equal executions within one turn get different keys.
    """
    turn, state = context.turn, context.state
    parts = (turn.session, turn.id, state.node, str(state.visits.get(state.node, 0)), *execution)
    name = "\x1f".join(parts)
    count = context.execution_counts[name] = context.execution_counts.get(name, 0) + 1
    return hashlib.sha256(f"{name}\x1f{count}".encode()).hexdigest()[:32]
