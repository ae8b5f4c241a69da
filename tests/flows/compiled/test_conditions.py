from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from flows.compiled.conditions import parse_condition

VALUES: dict[str, JsonValue] = {
    "plan": "gold",
    "count": 2,
    "word": "a, b",
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
        ("count == 3 or paid is true and late is true", False),
        ("late is true and count == 2 or paid is true", True),
        ("plan == 'gold' AND paid is TRUE", True),
        ("word == 'a, b'", True),
        ("word != 'this or that'", True),
        ("is_member is empty", True),
        ("userdata.plan == 'gold'", False),
        ("unknown == 'x'", False),
    ],
)
def test_a_condition_of_the_grammar_is_decided(condition: str, holds: bool) -> None:
    made = parse_condition(condition, {*VALUES, "missing"})
    assert made is not None
    assert made.evaluate(VALUES) is holds


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "The user agrees",
        "plan == gold",
        "count > 1",
        "plan == 'gold' and the user agrees",
        "It is false that the customer has paid",
        "plan is empty as far as we know",
        "paid is true (they said so)",
        "count == 2b",
    ],
)
def test_prose_is_not_a_condition(condition: str) -> None:
    assert parse_condition(condition, VALUES) is None


def test_a_plain_word_is_data_only_where_there_are_such_data() -> None:
    made = parse_condition("This is true for members".partition(" for")[0])
    assert made is not None
    assert made.evaluate(VALUES) is None
    assert made.evaluate({"This": True}) is True


@given(st.text(max_size=100), st.booleans())
def test_any_condition_can_be_looked_at(condition: str, known: bool) -> None:
    made = parse_condition(condition, VALUES if known else ())
    assert made is None or made.evaluate(VALUES) in (True, False, None)
