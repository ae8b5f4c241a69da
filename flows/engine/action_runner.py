"""What a turn does beside talking: the actions of the nodes and edges that it passes, the model's tools."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from pydantic import JsonValue

from core.model.turn import Turn
from core.ports.dialog import Watcher
from core.ports.http_fetch import Fetch
from flows.document.flow import Action, ActionTrigger, Tool
from flows.engine.response_builder import Speaker
from flows.tools.arguments import mismatch
from flows.tools.http.action import CompiledAction, Outcome, perform
from flows.tools.mcp.tool import ServerTool
from flows.tools.python import Context, PythonTool
from flows.tools.results import failed, found
from flows.tools.types import Call, Function

MOST_ACTIONS = 30
LONGEST_KEPT = 2_000
MOST_KEPT = 20
MOST_DONE = 50

_NO_PARAMETERS: Mapping[str, JsonValue] = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class Means:
    """What the operator gives the engine to act with. Without `fetch` no call leaves the house.

    `now` is the clock that business hours go by.
    """

    fetch: Fetch | None = None
    secrets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tools: Mapping[str, PythonTool] = field(default_factory=lambda: MappingProxyType({}))
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


class Performer:
    """Acts for one turn. `used` are the tools and actions that were run, a failed one with a `!` after it."""

    def __init__(self, speaker: Speaker, turn: Turn, means: Means, watcher: Watcher) -> None:
        self.speaker = speaker
        self.state = speaker.state
        self.flow = speaker.flow
        self.turn = turn
        self.means = means
        self.used: list[str] = []
        self._watcher = watcher
        self._calls = 0
        self._deeds: dict[str, int] = {}

    async def run(self, triggers: Iterable[ActionTrigger]) -> str:
        """Run actions one by one; the failure edge of the last that failed and has one."""
        edge, place = "", self._place(triggers)
        for index, trigger in enumerate(triggers):
            action = self.flow.actions[trigger.action_id]
            if not await self._run(action, f"{place}:{index}") and trigger.on_failure:
                edge = trigger.on_failure
        return edge

    def _place(self, triggers: Iterable[ActionTrigger]) -> str:
        """Where in the flow they stand: on the way into the present node, out of it, or over an edge."""
        node = self.speaker.node
        if triggers is node.on_enter:
            return "enter"
        if triggers is node.on_exit:
            return "exit"
        edges = (*node.edges, *self.flow.global_edges)
        return next((f"edge:{edge.id}" for edge in edges if edge.edge.actions is triggers), "edge")

    async def _run(self, compiled: CompiledAction, place: str) -> bool:
        """Whether the action succeeded, or had no need to run."""
        action, values = compiled.action, self.speaker.values
        if action.run_once and self._is_done(action):
            return True
        if not compiled.applies(values):
            return True
        result, whole = await self._fetched(compiled, values, self._key(place, action.id))
        if action.run_once and result["success"]:
            others = (each for each in self.state.done if each != action.id)
            self.state.done = (*others, action.id)[-MOST_DONE:]
        if action.store_response_as:
            self.state.keep_result(action.store_response_as, result)
        for update in action.env_updates:
            value = found(whole, update.result_path)
            known = self.state.environment
            if value is not None and (update.env_key in known or len(known) < MOST_KEPT):
                self.state.put_aside(update.env_key, str(value)[:LONGEST_KEPT])
        return bool(result["success"])

    def _is_done(self, action: Action) -> bool:
        before = self.state.results.get(action.store_response_as or "")
        # a state that was stored before there was `done` has the result alone
        return action.id in self.state.done or (isinstance(before, dict) and bool(before.get("success")))

    def offers(self) -> tuple[Function, ...]:
        """The tools that the model may call at the present node; an edge of the same name goes first."""
        node = self.speaker.node
        if not (self.means.tools or self.flow.tools or node.node.tools):
            return ()
        edges = {edge.id for edge in (*node.edges, *self.flow.global_edges)}
        offers: dict[str, Function] = {}
        for tool in (*node.node.tools, *self.flow.tools):
            if tool.id not in offers and self._can_run(tool):
                offers[tool.id] = self._offer(tool)
        for name, own in self.means.tools.items():
            if name not in self.flow.handlers:
                offers.setdefault(name, own.offer)
        return tuple(offer for name, offer in offers.items() if name not in edges)

    async def call(self, call: Call) -> tuple[dict[str, JsonValue], str]:
        """Run a tool that the model asked for; its result, and its failure edge if it failed and has one."""
        declared = next(
            (t for t in (*self.speaker.node.node.tools, *self.flow.tools) if t.id == call.name), None
        )
        if call.name not in {offer.name for offer in self.offers()}:
            return failed("there is no such tool here"), ""
        # a Python function looks at its arguments itself
        schema = declared.input_schema if declared and declared.type != "python" else None
        if schema and (reason := mismatch(schema, call.arguments)):
            # the model may do it better, so this is no failure of the tool's yet
            return self._noted(call.name, failed(reason)), ""
        if declared and declared.type == "http":
            result = await self._fetched_tool(declared, call)
        elif declared and declared.type == "mcp":
            result = await self._served(self.flow.server_tools[declared.id], call)
        else:
            handler = (declared.handler_id or declared.id) if declared else call.name
            result = await self._called(self.means.tools[handler], call)
        self.state.keep_result(call.name, result)
        failure = (declared.on_failure or "") if declared and not result["success"] else ""
        return result, failure

    def _can_run(self, tool: Tool) -> bool:
        if tool.type == "http":
            return tool.id in self.flow.http_tools and self.means.fetch is not None
        if tool.type == "mcp":
            return tool.id in self.flow.server_tools and self.means.fetch is not None
        return tool.type == "python" and (tool.handler_id or tool.id) in self.means.tools

    def _offer(self, tool: Tool) -> Function:
        handler = self.means.tools.get(tool.handler_id or tool.id)
        own = handler.offer.parameters if handler and tool.type == "python" else _NO_PARAMETERS
        given = {"type": "object", **tool.input_schema} if tool.input_schema else own
        return Function(tool.id, tool.description or tool.name, given)

    async def _called(self, tool: PythonTool, call: Call) -> dict[str, JsonValue]:
        if self._is_too_much():
            return failed("too many calls in one turn")
        if tool.acts:
            await self._act()
        context = Context(self.turn.session, self.turn.id, self._key_of(call), dict(self.state.slots))
        return self._noted(call.name, await tool.run(call.arguments, context))

    async def _fetched_tool(self, tool: Tool, call: Call) -> dict[str, JsonValue]:
        arguments = dict(call.arguments)
        compiled = self.flow.http_tools[tool.id]
        # what the model made up may not stand in for what an action or the operator has set
        known = self.speaker.values
        environment = known["env"]
        assert isinstance(environment, dict), "the speaker's values have one"
        values = {**known, **arguments, **self.state.results, **environment, "arguments": arguments}
        return (await self._fetched(compiled, values, self._key_of(call), arguments)).result

    async def _served(self, tool: ServerTool, call: Call) -> dict[str, JsonValue]:
        fetch = self.means.fetch
        if fetch is None:
            return failed("calls to other systems are switched off here")
        if self._is_too_much():
            return failed("too many calls in one turn")
        await self._act()  # what the server does is not known here
        values, secrets = self.speaker.values, self.means.secrets
        result = await tool.run(call.arguments, values, self._key_of(call), fetch, secrets)
        return self._noted(call.name, result)

    async def _fetched(
        self,
        action: CompiledAction,
        values: Mapping[str, JsonValue],
        key: str,
        arguments: Mapping[str, JsonValue] | None = None,
    ) -> Outcome:
        fetch = self.means.fetch
        if fetch is None:
            outcome = Outcome.failed("calls to other systems are switched off here")
        elif self._is_too_much():
            outcome = Outcome.failed("too many calls in one turn")
        else:
            if action.acts:
                await self._act()
            outcome = await perform(action, values, key, fetch, self.means.secrets, arguments)
        self._noted(action.action.id, outcome.result)
        return outcome

    def _noted(self, name: str, result: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Keep for the record what was run: nothing of what went in or came out."""
        self.used.append(name if result["success"] else f"{name}!")
        return result

    def _is_too_much(self) -> bool:
        self._calls += 1
        return self._calls > MOST_ACTIONS

    async def _act(self) -> None:
        if not self.speaker.is_committed:
            await self._watcher.on_act()
            self.speaker.is_committed = True

    def _key_of(self, call: Call) -> str:
        # not the number of the call: run again, the model may look up more or less before the same deed
        return self._key("tool", call.name, json.dumps(dict(call.arguments), sort_keys=True))

    def _key(self, *deed: str) -> str:
        """The same for the same deed of the same turn, also when the turn is run again after a crash.

        What is done twice in one turn has two.
        """
        node = self.state.node
        parts = (self.turn.session, self.turn.id, node, str(self.state.visits.get(node, 0)), *deed)
        name = "\x1f".join(parts)
        times = self._deeds[name] = self._deeds.get(name, 0) + 1
        return hashlib.sha256(f"{name}\x1f{times}".encode()).hexdigest()[:32]
