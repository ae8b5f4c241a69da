"""Outcomes of selecting a transition: values that the selector returns and the executor carries out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from pydantic import JsonValue

from flows.compiled import CompiledEdge
from flows.document.flow import CompletionCriterion
from flows.llm import STAY_DECISION, TransitionDecision
from flows.slots import Slot

SlotValues = Mapping[str, JsonValue]

_NO_SLOTS: SlotValues = MappingProxyType({})


class Transition(NamedTuple):
    """Store `slots` and follow `edge`. `reply` is what the model has already written for the target node.

    `rejected` says why an optional value of the message was not taken. `also` are edges to answers that are
    given first. `later` are the words of the message's other wishes, which are kept.
    """

    edge: CompiledEdge
    slots: SlotValues = _NO_SLOTS
    reply: str = ""
    rejected: str = ""
    also: tuple[CompiledEdge, ...] = ()
    later: tuple[str, ...] = ()


class Question(NamedTuple):
    """Store `slots`, stay at the node and ask for what is missing before the selected edge may be followed.

    `error_message` says why the value given for a slot was rejected; it takes the place of the question.
    `later` are the words of the message's other wishes, which are kept.
    """

    missing: Slot | CompletionCriterion
    slots: SlotValues = _NO_SLOTS
    error_message: str = ""
    later: tuple[str, ...] = ()


class Fallback(NamedTuple):
    """Store `slots` and follow the node's fallback edge, as no other edge may be followed."""

    edge: CompiledEdge
    slots: SlotValues = _NO_SLOTS


class Stay(NamedTuple):
    """Stay at the node and reply to the user.

    `decision` has the model's reply or the reason why it has none; `offers_agent` is set when one of the
    available edges leads to a human agent.
    """

    decision: TransitionDecision = STAY_DECISION
    offers_agent: bool = False


Selection = Transition | Question | Fallback | Stay
