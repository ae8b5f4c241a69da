"""The tools of a flow that servers run which speak the Model Context Protocol."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from core.ports.http_fetch import Fetch
from flows.document.flow import Tool
from flows.document.traversal import LONGEST_TIMEOUT
from flows.document.validation.mcp import NOT_INSTALLED, trouble_with
from flows.templating.references import names_in, secrets_in, to_hide
from flows.templating.template import Text, Values
from flows.tools.http.url import NotMade, address
from flows.tools.mcp.types import Answered, ToolCall
from flows.tools.results import failed, told

log = logging.getLogger("turngate.tools")


@dataclass(frozen=True, slots=True)
class ServerTool:
    """A tool with its templates. `secrets` are those of its `names` that the operator keeps secret."""

    tool: Tool
    url: Text
    headers: tuple[tuple[str, Text], ...]
    secrets: frozenset[str]
    names: frozenset[str]
    call: Callable[[ToolCall, Fetch], Awaitable[Answered]]

    async def run(
        self,
        arguments: Values,
        values: Values,
        key: str,
        fetch: Fetch,
        secrets: Mapping[str, str],
    ) -> dict[str, JsonValue]:
        """Call it; what it came to, as an action's result. It never raises.

        It is called once: nothing tells whether a call that was not answered has changed something.
        """
        known: dict[str, JsonValue] = {**values, "secrets": dict(secrets)}
        try:
            url = address(self.url, known)
        except NotMade as error:
            return failed(str(error))
        call = ToolCall(
            url=url,
            headers={name: text.render(known) for name, text in self.headers},
            name=self.tool.name,
            arguments=arguments,
            key=key,
            seconds=min(max(self.tool.timeout, 1), LONGEST_TIMEOUT),
            label=self.tool.id,
        )
        answered = await self.call(call, fetch)
        return told(answered.data, to_hide(self.names, values, secrets), success=answered.success)


def server_tools(tools: Iterable[Tool]) -> dict[str, ServerTool]:
    """Those of the type `mcp` that can be run here, by id; the log says of the others why not."""
    made: dict[str, ServerTool] = {}
    for tool in tools:
        if tool.type != "mcp":
            continue
        try:
            trouble = trouble_with(tool.server)
            if not trouble:
                made[tool.id] = _made(tool)
        except ImportError:  # it is there, but another version
            trouble = NOT_INSTALLED
        if trouble:
            log.warning("the flow's tool %s: %s", tool.id, trouble)
    return made


def _made(tool: Tool) -> ServerTool:
    from flows.tools.mcp.client import called  # costs a second, so only who uses it pays

    sources = (tool.server or "", *tool.headers.values())
    return ServerTool(
        tool=tool,
        url=Text(tool.server or "", "url"),
        headers=tuple((name, Text(value, "header")) for name, value in tool.headers.items()),
        secrets=secrets_in(*sources),
        names=names_in(*sources),
        call=called,
    )
