"""The size limit of stored states."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from core.model import Choice
from core.ports import State
from flows.state import DialogState
from flows.state.dialog_state import MAX_STATE_LENGTH
from flows.state.size_limit import serialized_size, trim_state

texts = st.one_of(st.text(max_size=2_000), st.just("é" * 500))
values = st.one_of(
    st.dictionaries(st.text(max_size=30), texts, max_size=25),
    st.dictionaries(st.text(max_size=3), st.text(max_size=8), max_size=25),
)


@given(values, values, values, st.lists(texts, max_size=20))
def test_whatever_was_learnt_a_stored_state_keeps_within_its_bound(
    slots: dict[str, str], variables: dict[str, str], environment: dict[str, str], labels: list[str]
) -> None:
    state = DialogState(
        node="a",
        slots=slots,
        variables=variables,
        environment=environment,
        offered=tuple(Choice(label=label, payload=label) for label in labels),
        visits={f"node {number}": 1 for number in range(len(labels) * 20)},
    )
    stored = state.to_json()
    assert (
        serialized_size(stored) <= MAX_STATE_LENGTH
    )  # also where it seemed so small that it was not measured
    assert stored["node"] == "a"
    assert DialogState.from_json(json.loads(json.dumps(stored))).to_json() == stored


def test_old_results_are_trimmed_before_user_input() -> None:
    state: State = {"slots": {"name": "Ada"}, "results": {"old": "x" * 300, "new": "y" * 300}}
    assert trim_state(state, 500) == {"slots": {"name": "Ada"}, "results": {"new": "y" * 300}}


def test_what_fits_stays_as_it_is() -> None:
    state: State = {"slots": {"name": "Ada"}}
    assert trim_state(state, 500) == state
