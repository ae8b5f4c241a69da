"""A model's function call as a server of the OpenAI protocol streams it: the name first, then token by token.

Imports only the standard library, so that the reference's Python can import it too.
"""

from __future__ import annotations

import re
from typing import Any

STAY = "__stay_on_node__"
_TOKEN = re.compile(r" ?\w+|\W+")


def call_arguments(name: str) -> str:
    """Return the arguments of a call of `name`: a short reply when it stays, nothing when it moves on."""
    return '{"brief_response": "Tea or coffee?"}' if name == STAY else "{}"


def call_deltas(name: str) -> list[dict[str, Any]]:
    """Return the `delta` of each chunk of a call of `name`, without the chunk that ends the stream."""
    head = {"index": 0, "id": "c", "type": "function", "function": {"name": name, "arguments": ""}}
    tokens = _TOKEN.findall(call_arguments(name))
    rest = [{"index": 0, "function": {"arguments": token}} for token in tokens]
    return [{"tool_calls": [call]} for call in (head, *rest)]
