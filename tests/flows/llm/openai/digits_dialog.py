"""A dialog that asks for four digits, and the model's two HTTP clients."""

from __future__ import annotations

import pytest

from tests.flows.conversation import edge, flow, input_schema, node

END = node("end", "The end.", is_final=True)
FOUR = input_schema(last_four={"type": "string", "pattern": "^[0-9]{4}$", "x-question": "Which digits?"})
START = node(
    "a", "Hello! Which digits?", edges=[edge("given", "end", "The user gives {{ what }}", input_schema=FOUR)]
)
FAQ = node("faq", "Because.")
MADE = flow(START, END, FAQ, global_edges=[edge("why", "faq", "The user asks why", examples=["what for"])])

both_clients = pytest.mark.parametrize("model", [False, True], indirect=True, ids=["httpx2", "aiohttp"])
