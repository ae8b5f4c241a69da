"""What one turn of a machine's own conversation came to."""

from __future__ import annotations

from typing import NamedTuple

from core.dialog import Step
from core.message import Message


class TurnResult(NamedTuple):
    """`text` is everything that was said, paragraph by paragraph; `messages` has its choices and media too.

    `tools` are the tools and actions that were run, one that failed with a `!` behind its name. `trouble` is
    what was wrong with the model's output, if anything. `seconds` is how long the turn took.
    """

    text: str
    messages: tuple[Message, ...] = ()
    outcome: str = "stay"
    node: str = ""
    edge: str = ""
    model: str = ""
    tokens: int = 0
    tools: tuple[str, ...] = ()
    trouble: str = ""
    seconds: float = 0.0
    hand_off: bool = False

    @classmethod
    def of(cls, step: Step, seconds: float) -> TurnResult:
        """The result that a step makes."""
        return cls(
            text="\n\n".join(message.text for message in step.messages),
            messages=step.messages,
            outcome=step.outcome,
            node=step.node,
            edge=step.edge,
            model=step.details.get("model", ""),
            tokens=int(step.details.get("tokens", 0)),
            tools=tuple(step.details.get("used", "").split()),
            trouble=step.details.get("trouble", ""),
            seconds=seconds,
            hand_off=step.hand_off,
        )
