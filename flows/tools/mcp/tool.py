"""Tools of a flow that MCP servers run."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from core.ports import HttpFetcher
from flows.document import MAX_TIMEOUT_SECONDS, Tool
from flows.document.validation import MCP_NOT_INSTALLED, unavailable_reason
from flows.templating import (
    TemplateValues,
    TextTemplate,
    referenced_names,
    referenced_secrets,
    values_to_redact,
)
from flows.tools.http import RequestBuildError, render_url
from flows.tools.mcp.types import McpCall, McpResult
from flows.tools.results import failure_result, mcp_result

log = logging.getLogger("turngate.tools")


@dataclass(frozen=True, slots=True)
class McpTool:
    """An MCP tool with its templates. `secret_names` are the operator's secrets that it uses."""

    tool: Tool
    url: TextTemplate
    headers: tuple[tuple[str, TextTemplate], ...]
    secret_names: frozenset[str]
    referenced_names: frozenset[str]
    call: Callable[[McpCall, HttpFetcher], Awaitable[McpResult]]

    async def run(
        self,
        arguments: TemplateValues,
        values: TemplateValues,
        *,
        key: str,
        fetch: HttpFetcher,
        secrets: Mapping[str, str],
    ) -> dict[str, JsonValue]:
        """Call the tool and return the result in the form of an action's. Never raises.

        It is not retried: without a response it is unknown whether the call had a side effect.
        """
        all_values: dict[str, JsonValue] = {**values, "secrets": dict(secrets)}
        try:
            url = render_url(self.url, all_values)
        except RequestBuildError as error:
            return failure_result(str(error))
        call = McpCall(
            url=url,
            headers={name: text.render(all_values) for name, text in self.headers},
            name=self.tool.name,
            arguments=arguments,
            idempotency_key=key,
            seconds=min(max(self.tool.timeout, 1), MAX_TIMEOUT_SECONDS),
            label=self.tool.id,
        )
        answered = await self.call(call, fetch)
        return mcp_result(
            answered.data, values_to_redact(self.referenced_names, values, secrets), success=answered.success
        )


def load_mcp_tools(tools: Iterable[Tool]) -> dict[str, McpTool]:
    """Return the runnable tools of type `mcp` by id; the log says why others cannot run."""
    tools_by_id: dict[str, McpTool] = {}
    for tool in tools:
        if tool.type != "mcp":
            continue
        try:
            reason = unavailable_reason(tool.server)
            if not reason:
                tools_by_id[tool.id] = _build_tool(tool)
        except ImportError:  # installed, but in an incompatible version
            reason = MCP_NOT_INSTALLED
        if reason:
            log.warning("the flow's tool %s: %s", tool.id, reason)
    return tools_by_id


def _build_tool(tool: Tool) -> McpTool:
    from flows.tools.mcp.client import call_tool  # importing takes a second, so only when it is needed

    sources = (tool.server or "", *tool.headers.values())
    return McpTool(
        tool=tool,
        url=TextTemplate(tool.server or "", "url"),
        headers=tuple((name, TextTemplate(value, "header")) for name, value in tool.headers.items()),
        secret_names=referenced_secrets(*sources),
        referenced_names=referenced_names(*sources),
        call=call_tool,
    )
