from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from flows.conditions import verdict

VALUES: dict[str, JsonValue] = {
    "plan": "gold",
    "count": 2,
    "price": 1.5,
    "paid": True,
    "late": False,
    "empty": "",
    "list": [],
    "order": {"data": {"status": "sent"}},
}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("plan is not empty", True),
        ("plan is empty", False),
        ("empty is empty", True),
        ("missing is empty", True),
        ("list is non-empty", False),
        ("paid is true", True),
        ("late is true — the parcel came late", False),
        ("missing is false", True),
        ("plan == 'gold'", True),
        ('plan != "gold"', False),
        ("count == 2", True),
        ("count == 3", False),
        ("price == 1.5", True),
        ("paid == true", True),
        ("order.data.status == 'sent'", True),
        ("order.data.status == 'lost', so call", False),
        ("plan == 'gold' and count == 2", True),
        ("plan == 'gold' and count == 3", False),
        ("count == 3 or paid is true", True),
    ],
)
def test_a_condition_of_the_grammar_is_decided(condition: str, holds: bool) -> None:
    assert verdict(condition, VALUES) is holds


@pytest.mark.parametrize(
    "condition", ["", "The user agrees", "plan == gold", "count > 1", "plan == 'gold' and the user agrees"]
)
def test_prose_is_not_decided(condition: str) -> None:
    assert verdict(condition, VALUES) is None


@given(st.text(max_size=100))
def test_any_condition_can_be_looked_at(condition: str) -> None:
    assert verdict(condition, VALUES) in (True, False, None)
