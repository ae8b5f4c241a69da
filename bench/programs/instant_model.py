"""A model of the OpenAI protocol that answers at once; importing it replaces the real client.

`TURNGATE_TOOLS` makes each worker load it.
"""

from __future__ import annotations

from typing import Any

from bench.engine.measurements import FakeOpenAIClient
from flows.llm import STAY_FUNCTION_NAME
from flows.llm.openai.client import OpenAIClient
from flows.tools import tool


class _FirstFunctionClient(FakeOpenAIClient):
    """Calls the first function that it is offered, or stays, as the user's text says."""

    async def create(self, *, stream: bool = False, **request: Any) -> Any:
        body = request["extra_body"]
        says = body["messages"][-1]["content"]
        self.function = STAY_FUNCTION_NAME if "think" in says else body["tools"][0]["function"]["name"]
        return await super().create(stream=stream, **request)


@tool(reads_only=True)
def no_op_tool() -> str:
    """A tool that no flow calls: a tools module must define at least one."""
    return "at once"


_client = _FirstFunctionClient(tokens=10, pause=0)
OpenAIClient.api = property(lambda self: _client)  # type: ignore[assignment, method-assign]
