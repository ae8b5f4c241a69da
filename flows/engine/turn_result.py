"""What one turn came to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from core.model import Message
from core.ports import TurnOutcome
from flows.state import DialogState


class NodeVisit(NamedTuple):
    """A node entered, by `edge` from node `source`; both are empty at the beginning."""

    node_id: str
    edge_id: str = ""
    source_id: str = ""


VisitListener = Callable[[NodeVisit], None]


def ignore_visits(hop: NodeVisit) -> None:
    """Nobody looks."""


class TurnResult(NamedTuple):
    """`messages` have what was said, with its choices and media; `text` is all of it.

    `hand_off` asks for a person, who is to read `summary`. `tools` are the tools and actions that were run,
    one that failed with a `!` behind its name. `trouble` is what was wrong with the model's output, if
    anything, and `error` why there was none. `timeout` is in how many seconds something is said if nobody
    writes. `seconds` is how long the turn took, a moderator's part left out.
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

    @property
    def text(self) -> str:
        """Everything that was said, paragraph by paragraph."""
        return "\n\n".join([message.text for message in self.messages])

    @property
    def metadata(self) -> dict[str, Any]:
        """The same facts by the names that superdialog gives them."""
        return {
            "to_node": self.node,
            "edge_id": self.edge or None,
            "outcome": self.outcome,
            "actions_fired": list(self.tools),
            "model": self.model,
        }

    def to_turn_outcome(self, state: DialogState) -> TurnOutcome:
        """The same for the gateway, with the state that follows as it is stored."""
        told = {
            "model": self.model,
            "tokens": str(self.tokens),
            "trouble": self.issue,
            "used": " ".join(self.tools),
            "error": self.error,
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
            details={name: text for name, text in told.items() if text},
        )


StateAndResult = tuple[DialogState, TurnResult]
"""The state after a turn, and what the turn came to."""
