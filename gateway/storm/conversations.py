"""What people say in a storm, and what they must hear: made from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import httpx

from core.model import Address, Turn
from core.ports import Channel, Dialog, State
from core.processing import merge_turns
from gateway.storm.scenario import StormScenario

STOP_TEXT = "STOP"
_USER_TEXTS = (
    "hi",
    "4321",
    "23 April 1990",
    "yes",
    "no",
    "why do you need this?",
    "what?",
    "1",
    "2",
    "0000",
    "31/02/1990",
    "1990-04-23",
    "no, it is 4321",
    "thanks",
)


@dataclass(frozen=True, slots=True)
class MessageGroup:
    """Lines said without waiting, in the order they arrive; `swapped`: they were written the other way round.

    `hears` are the bodies that must come back, in order.
    """

    texts: tuple[str, ...]
    expected_replies: tuple[str, ...]
    is_swapped: bool = False


@dataclass(frozen=True, slots=True)
class PlannedConversation:
    """One person's part. From breath number `silent_from` on the bot has lost its voice (law L10).

    Where lines may be taken as one, what they bring is known only once they were: `ScriptModel.hears` tells.
    """

    person: str
    groups: tuple[MessageGroup, ...]
    silent_from: int | None = None

    @property
    def turn_count(self) -> int:
        """How many lines that are turns."""
        return sum(text != STOP_TEXT for breath in self.groups for text in breath.texts)

    @property
    def expected_replies(self) -> tuple[str, ...]:
        """All bodies that must come back, in order."""
        return tuple(body for breath in self.groups for body in breath.expected_replies)


class ConversationGenerator:
    """Writes people's parts: the replies are those of the same flow run here, without any queue."""

    def __init__(
        self,
        weather: StormScenario,
        dialog: Dialog,
        channel: Channel[httpx.AsyncClient],
        ours: str,
        account: str,
    ) -> None:
        self._scenario = weather
        self._dialog = dialog
        self._channel = channel
        self._business_number = ours
        self._account = account

    async def generate(self, number: int) -> PlannedConversation:
        """The `number`-th person's script."""
        chance = Random(f"{self._scenario.seed}:{number}")  # noqa: S311 - repeatable on purpose
        person = f"+1555{number:07d}"
        address = Address(
            channel=self._channel.name, account=self._account, ours=self._business_number, theirs=person
        )
        state: State | None = None
        breaths: list[MessageGroup] = []
        silent_from = None
        left = chance.randint(2, 6)
        gathered = bool(self._scenario.burst)
        while left > 0 and silent_from is None:
            swapped = left > 1 and chance.random() < self._scenario.swaps * 2
            size = 2 if swapped else min(chance.choice((1, 1, 1, 2)), left)
            says = tuple(chance.choice(_USER_TEXTS) for _ in range(size))
            hears: list[str] = []
            for place, text in enumerate(says):
                turn = Turn(id=f"{number}.{left}.{place}", session=person, address=address, text=text)
                if gathered or silent_from is not None:
                    continue
                step = await self._dialog.answer(turn, state)
                state = step.state
                hears += [part.body for said in step.messages for part in self._channel.render(said, address)]
                if step.hand_off:
                    silent_from = len(breaths) + 1
            breaths.append(MessageGroup(says, tuple(hears), swapped))
            left -= size
        if silent_from is None and chance.random() < self._scenario.silences:
            breaths.append(MessageGroup((STOP_TEXT,), ()))
            silent_from = len(breaths)
        if silent_from is not None:
            breaths.append(MessageGroup((chance.choice(_USER_TEXTS),), ()))
        return PlannedConversation(person, tuple(breaths), silent_from)

    async def compute_replies(self, person: str, said: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """The bodies that must come back to what was said, each as many lines as were taken as one."""
        address = Address(
            channel=self._channel.name, account=self._account, ours=self._business_number, theirs=person
        )
        state: State | None = None
        found: list[str] = []
        for number, texts in enumerate(said):
            turns = [Turn(id=f"{number}", session=person, address=address, text=text) for text in texts]
            step = await self._dialog.answer(merge_turns(turns), state)
            state = step.state
            found += [part.body for each in step.messages for part in self._channel.render(each, address)]
        return tuple(found)
