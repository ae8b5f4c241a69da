"""Asks the language model which edge a message takes, and runs the tools that it calls before it decides."""

from __future__ import annotations

from typing import NamedTuple

from flows.compiled import CompiledEdge, CompiledNode
from flows.engine.action_runner import available_tools, call_tool
from flows.engine.language_model.model_calls import decide
from flows.engine.language_model.pictures import load_pictures
from flows.engine.transitions.edges import find_edge
from flows.engine.turn_context import TurnContext
from flows.llm import STAY_DECISION, TransitionDecision, TransitionRequest, discard
from flows.tools import ToolDefinition, ToolExchange

MAX_TOOL_ROUNDS = 4
MAX_CALLS_PER_ROUND = 4


class ModelAnswer(NamedTuple):
    """A model's decision, and the failure edge of a tool that failed before it could decide."""

    decision: TransitionDecision
    failure_edge: CompiledEdge | None = None


async def ask_model(
    context: TurnContext, edges: tuple[CompiledEdge, ...], *, is_silent: bool = False, may_reply: bool = False
) -> ModelAnswer:
    """Ask the model for one of `edges`, running the tools that it calls. Raises `ModelError`.

    With `may_reply` the model's reply is sent if it stays, so it may be streamed while it is written.
    """
    exchanges: list[ToolExchange] = []
    while True:
        has_rounds_left = context.usage.tool_rounds < MAX_TOOL_ROUNDS
        tools = available_tools(context) if has_rounds_left else ()
        if is_silent and not edges:
            return ModelAnswer(STAY_DECISION)  # a further tool result would not help
        if not edges and not tools and not exchanges:
            return ModelAnswer(STAY_DECISION)
        request = build_request(
            context, edges, is_silent=is_silent, tools=tools, exchanges=tuple(exchanges), may_reply=may_reply
        )
        if context.turn.attachments:
            request = request._replace(pictures=await load_pictures(context))
        decision = await decide(context, request)
        if not decision.calls or not tools:
            break
        context.usage.tool_rounds += 1
        for call in decision.calls[:MAX_CALLS_PER_ROUND]:
            result, edge_id = await call_tool(context, call)
            if edge := find_edge(edge_id, (*context.node.edges, *context.flow.global_edges)):
                return ModelAnswer(STAY_DECISION, edge)
            exchanges.append(ToolExchange(call, result))
    if decision.calls:
        context.issues.append("rounds")
    return ModelAnswer(decision)


def build_request(
    context: TurnContext,
    edges: tuple[CompiledEdge, ...],
    *,
    is_silent: bool = False,
    tools: tuple[ToolDefinition, ...] = (),
    exchanges: tuple[ToolExchange, ...] = (),
    may_reply: bool = False,
) -> TransitionRequest:
    state, node, choice, render = context.state, context.node, context.quick_reply, context.render
    conditions = node.conditions if edges is node.available_edges else None
    if conditions is None:
        conditions = tuple([render(edge.condition) for edge in edges])
    return TransitionRequest(
        node=node,
        available_edges=edges,
        conditions=conditions,
        text=choice.label if choice else context.text,
        payload=choice.payload if choice else context.turn.payload,
        last_speech=render(node.text) if node.text else "",
        prompt=context.system_prompt,
        instruction=render(node.instruction) if node.instruction else "",
        values=context.model_values,
        filled_slots=state.filled,
        summary=state.summary,
        history=state.history,
        today=context.today,
        is_first=context.is_first_turn and not is_silent,
        is_silent=is_silent,
        tools=tools,
        exchanges=exchanges,
        language=context.flow.language,
        write=context.streamer.writer if may_reply else discard,
        speculative_replies=node.speculative_replies,
    )


def speculative_reply(node: CompiledNode, edge: CompiledEdge, decision: TransitionDecision) -> str:
    """Return what a model that chose `edge` wrote for its target node."""
    is_requested = any(each.edge_id == edge.id == decision.edge_id for each in node.speculative_replies)
    return decision.reply if is_requested else ""
