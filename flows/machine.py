"""The dialog engine as the rest of the house uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime

from core.dialog import State, Step, Watcher
from core.message import Message
from core.turn import Address, Turn
from core.value import Value
from flows.compiled import CompiledFlow, compiled
from flows.document import Flow
from flows.models import model_from
from flows.models.port import Model
from flows.step import step, timed_out
from flows.trail import Watch, unwatched

_HERE = Address(channel="local", account="", ours="", theirs="")


class TurnResult(Value):
    """What `DialogMachine.turn` came to. `text` is everything that was said, paragraph by paragraph."""

    text: str
    messages: tuple[Message, ...] = ()
    outcome: str = "stay"
    node: str = ""
    edge: str = ""
    model: str = ""
    tokens: int = 0
    hand_off: bool = False


class DialogMachine:
    """Runs a flow.

    As a `Dialog` (`answer`) it holds nothing between turns and serves any number of sessions at once. As an
    object of one conversation (`turn`) it keeps that conversation's `state` itself.
    """

    def __init__(
        self,
        flow: Flow,
        llm: str | Model = "rules",
        *,
        state: State | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        today: Callable[[], date] | None = None,
        watch: Watch = unwatched,
    ) -> None:
        """`llm` is a model or its name; `api_key` and `base_url` go with a name. Raises `Misconfigured`.

        `watch` is called for every node that is entered, also in a turn that fails afterwards.
        """
        self.flow = flow
        self.model = model_from(llm, api_key=api_key, base_url=base_url) if isinstance(llm, str) else llm
        self._compiled: CompiledFlow = compiled(flow)
        self._state = state
        self._today = today or _today
        self._watch = watch
        self._at_work = asyncio.Lock()

    async def answer(self, turn: Turn, state: State | None, *, watcher: Watcher | None = None) -> Step:
        """Answer one turn from the stored state; `None` for a session's first turn."""
        return await step(self._compiled, state, turn, self.model, self._today(), watch=self._watch)

    async def timed_out(self, state: State | None, address: Address) -> Step:
        """What there is to say when nobody has written for as long as the node's `timeout`."""
        return await timed_out(self._compiled, state, address, self.model, self._today())

    @property
    def state(self) -> State | None:
        """Where this machine's own conversation stands: a JSON value, to be handed in again as `state`."""
        return self._state

    @property
    def is_complete(self) -> bool:
        """Whether this machine's own conversation has reached a final node."""
        return (self._state or {}).get("outcome") == "final"

    def reset(self) -> None:
        """Forget this machine's own conversation."""
        self._state = None

    async def start(self) -> TurnResult:
        """Begin this machine's own conversation anew, with the greeting alone."""
        self.reset()
        return await self.turn("")

    async def turn(self, text: str | Turn) -> TurnResult:
        """Answer one message of this machine's own conversation. A failed or cancelled turn changes nothing.

        `text` may be a whole `Turn`, for payloads and attachments.
        """
        turn = text if isinstance(text, Turn) else Turn(id="local", session="local", address=_HERE, text=text)
        async with self._at_work:
            answered = await self.answer(turn, self._state)
            self._state = answered.state
        return TurnResult(
            text="\n\n".join(message.text for message in answered.messages),
            messages=answered.messages,
            outcome=answered.outcome,
            node=answered.node,
            edge=answered.edge,
            model=answered.details.get("model", ""),
            tokens=int(answered.details.get("tokens", 0)),
            hand_off=answered.hand_off,
        )

    async def aclose(self) -> None:
        """Let go of the model's connections."""
        await self.model.aclose()


def _today() -> date:
    return datetime.now(UTC).date()
