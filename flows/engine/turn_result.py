"""Result of one turn, and the visits of nodes in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from core.model import Message
from core.ports import Reminder, TurnOutcome
from flows.state import DialogState


class NodeVisit(NamedTuple):
    """A node that was entered over `edge_id` from `source_id`; both are empty for the initial node."""

    node_id: str
    edge_id: str = ""
    source_id: str = ""


VisitListener = Callable[[NodeVisit], None]


def ignore_visits(visit: NodeVisit) -> None:
    """Do nothing: the default visit listener."""


class TurnResult(NamedTuple):
    """Result of one turn.

    `messages` are the replies with their quick replies and media. `hand_off` requests an agent, for whom
    `summary` is written. `tools` are the tools and actions that ran, a failed one with a `!` appended.
    `issue` is the problem with the model's output, if any, and `error` the reason why there was none.
    `timeout` is the number of seconds without a user message after which the node's timeout message is due.
    `seconds` is the duration of the turn without moderation. `opt_out`: the contact gets nothing more.
    `reminders` are sent later. `failures` are models that gave no answer, or one that was not used, each as
    `<model>:<reason>`.
    """

    messages: tuple[Message, ...] = ()
    outcome: str = "stay"
    node: str = ""
    edge: str = ""
    hand_off: bool = False
    model: str = ""
    tokens: int = 0
    tools: tuple[str, ...] = ()
    issue: str = ""
    error: str = ""
    timeout: float | None = None
    summary: str = ""
    seconds: float = 0.0
    opt_out: bool = False
    reminders: tuple[Reminder, ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The texts of all messages, separated by blank lines."""
        return "\n\n".join([message.text for message in self.messages])

    @property
    def metadata(self) -> dict[str, Any]:
        """The result under the names that superdialog uses."""
        return {
            "to_node": self.node,
            "edge_id": self.edge or None,
            "outcome": self.outcome,
            "actions_fired": list(self.tools),
            "model": self.model,
        }

    def to_turn_outcome(self, state: DialogState) -> TurnOutcome:
        """Return the outcome for the gateway, with the state as it is stored."""
        details = {
            "model": self.model,
            "tokens": str(self.tokens),
            "trouble": self.issue,
            "used": " ".join(self.tools),
            "error": self.error,
            "model_failures": " ".join(each.replace(" ", "_") for each in self.failures),
        }
        return TurnOutcome(
            state=state.to_json(),
            messages=self.messages,
            outcome=self.outcome,
            node=self.node,
            edge=self.edge,
            hand_off=self.hand_off,
            timeout=self.timeout,
            summary=self.summary,
            opt_out=self.opt_out,
            reminders=self.reminders,
            details={name: text for name, text in details.items() if text},
        )


StateAndResult = tuple[DialogState, TurnResult]
"""The state after a turn, and the turn's result."""
