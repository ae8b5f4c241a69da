"""Templates that are valid, and show something else than their author meant, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.authoring.lint.findings import list_findings
from tests.flows.conversation import Json, document, edge, input_schema, node

DAY = input_schema(day={"type": "string", "format": "date"})
CALL = {"id": "c", "name": "C", "method": "GET", "url": "https://x.example", "store_response_as": "order"}


def build_flow(text: str, **more: object) -> Json:
    trigger = {"trigger": "on_enter", "action_id": "c", "on_failure": "go"}
    return document(
        node("a", "A?", edges=[edge("go", "b", keywords=["go"], input_schema=DAY)], actions=[trigger]),
        node("b", text, is_final=True),
        actions=[CALL],
        budget={"turns": 9},
        environment_variables={"SHOP": "Quay"},
        **more,
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ ''.__class__ }}", "Templates cannot read “__class__”"),
        ("{{ day['__class__'] }}", "Templates cannot read “__class__”"),
        ("{{ day | attr('__class__') }}", "Templates cannot read “__class__”"),
        ("{{ self.day }}", "Templates cannot read “day”"),
        ("{{ day.month }}", "“day” is a single value and has no “month”"),
        ("{{ current_date.year }}", "“current_date” is a single value and has no “year”"),
        ("{{ SHOP.name }}", "“SHOP” is a single value and has no “name”"),
        ("{{ slots.dya }}", "sets “slots.dya”; did you mean “slots.day”?"),
        ("{{ results.odrer.data.id }}", "did you mean “results.order”?"),
        ("{{ env.SHPO }}", "did you mean “env.SHOP”?"),
        ("{{ userdata.x }}", "sets “userdata.x”"),
        ("{{ day.upper }}", "shows “<built-in method"),
        ("{{ [day] | map('upper') }}", "shows “<generator"),
        ("{{ range(3) }}", "shows “range(0, 3)”"),
        ("On {day}, ${SHOP}", "“{day}” is shown as it is: write {{ day }}."),
        ("On {day}, ${SHOP}", "“{SHOP}” is shown as it is: write {{ SHOP }}."),
    ],
)
def test_what_is_empty_or_no_text_is_named(tmp_path: Path, text: str, problem: str) -> None:
    found = list_findings(tmp_path, build_flow(text))

    assert any(line.startswith("warning: node b: ") and problem in line for line in found), found


@pytest.mark.parametrize(
    "text",
    [
        "{{ day.upper() }} {{ day | date }} {{ day[:4] }}",
        "{{ slots.day }} {{ results.order.data.lines[0].id }} {{ order._id }} {{ env.SHOP }}",
        "{% for x in order.data.lines %}{{ x.name }}{{ loop.index }}{% endfor %}",
        "{% set day = order.data %}{{ day.month }}",
        "{{ slots.items() | length }} {{ ['a', 'b'] | map('upper') | join(', ') }} {other}",
    ],
)
def test_what_is_shown_as_meant_is_not(tmp_path: Path, text: str) -> None:
    assert list_findings(tmp_path, build_flow(text)) == []


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"system_prompt": "{{ dya }}"}, "system_prompt"),
        ({"closed_text": "{{ dya }}"}, "closed_text"),
        ({"languages": {"de": {"nodes": {"a": {"static_text": "{{ dya }}"}, "b": {"static_text": "B"}}}}},
         "languages.de.nodes.a"),
        ({"outside_window": {"template": {"name": "t", "variables": {"1": "{{ dya }}"}}}}, "outside_window"),
    ],
)  # fmt: skip
def test_every_template_of_the_flow_is_read(tmp_path: Path, more: Json, place: str) -> None:
    found = list_findings(tmp_path, {**build_flow("B"), **more})

    assert any(line.startswith(f"warning: {place}: Nothing in the flow sets “dya”") for line in found), found
