"""Conversations of the chaos test, generated from a seed, and the replies that each must receive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import httpx

from core.model import Address, Turn
from core.ports import Channel, Dialog, State
from core.processing import merge_turns
from gateway.storm.scenario import StormScenario

STOP_TEXT = "STOP"
AGENT_TEXT = "A colleague is here now."
OFFER_TEXT = "The branch is closed on Friday."
WITHDRAWN_TEXT = "The branch is closed on Thursday."
DEADLY_TEXT, DEADLY_KEY = "The branch is closed for good.", "own-deadly"
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
    """Messages sent in a row without waiting for replies, in the order of arrival.

    `expected_replies` are the bodies that must come back, in order. With `is_swapped` the two messages were
    written in the opposite order. With `has_offer` the business sends a message of its own meanwhile.
    """

    texts: tuple[str, ...]
    expected_replies: tuple[str, ...]
    is_swapped: bool = False
    has_offer: bool = False


@dataclass(frozen=True, slots=True)
class PlannedConversation:
    """The messages of one contact. From group number `silent_from` on the bot must not speak (guarantee L10).

    In group number `agent_at` an agent writes while the bot processes a turn; in group number `erased_at` the
    session is erased meanwhile, and the next group begins a new conversation. With `has_deadly` a message
    that kills its worker comes with the first group.

    Under a burst policy the expected replies depend on how messages were merged:
    `ConversationGenerator.compute_replies` returns them afterwards.
    """

    contact: str
    groups: tuple[MessageGroup, ...]
    silent_from: int | None = None
    agent_at: int | None = None
    erased_at: int | None = None
    has_deadly: bool = False

    @property
    def turn_count(self) -> int:
        """Number of messages that are turns; an opt-out is not."""
        return sum(text != STOP_TEXT for group in self.groups for text in group.texts)

    @property
    def expected_replies(self) -> tuple[str, ...]:
        """Bodies of all replies that must come back, in order."""
        return tuple(body for group in self.groups for body in group.expected_replies)


class ConversationGenerator:
    """Generate conversations; the expected replies come from running the same flow here, without a queue."""

    def __init__(
        self,
        scenario: StormScenario,
        dialog: Dialog,
        channel: Channel[httpx.AsyncClient],
        business_number: str,
        account: str,
    ) -> None:
        self._scenario = scenario
        self._dialog = dialog
        self._channel = channel
        self._business_number = business_number
        self._account = account

    async def generate(self, number: int) -> PlannedConversation:
        """Generate the conversation of contact `number`; the same seed and number give the same result."""
        random = Random(f"{self._scenario.seed}:{number}")  # noqa: S311 - repeatable on purpose
        contact = f"+1555{number:07d}"
        address = Address(
            channel=self._channel.name, account=self._account, ours=self._business_number, theirs=contact
        )
        state: State | None = None
        groups: list[MessageGroup] = []
        silent_from = None
        remaining = random.randint(2, 6)
        is_burst = bool(self._scenario.burst)
        while remaining > 0 and silent_from is None:
            is_swapped = remaining > 1 and random.random() < self._scenario.swaps * 2
            size = 2 if is_swapped else min(random.choice((1, 1, 1, 2)), remaining)
            texts = tuple(random.choice(_USER_TEXTS) for _ in range(size))
            expected: list[str] = []
            for index, text in enumerate(texts):
                turn = Turn(id=f"{number}.{remaining}.{index}", session=contact, address=address, text=text)
                if is_burst or silent_from is not None:
                    continue
                step = await self._dialog.answer(turn, state)
                state = step.state
                expected += [
                    part.body for message in step.messages for part in self._channel.render(message, address)
                ]
                if step.hand_off:
                    silent_from = len(groups) + 1
            has_offer = not is_burst and random.random() < self._scenario.offers
            groups.append(MessageGroup(texts, tuple(expected), is_swapped, has_offer))
            remaining -= size
        return self._plan_end(random, contact, groups, silent_from)

    def _plan_end(
        self, random: Random, contact: str, groups: list[MessageGroup], silent_from: int | None
    ) -> PlannedConversation:
        """End with a hand-off, an opt-out, an agent's message, an erasure, or none of them."""
        scenario, agent_at, erased_at = self._scenario, None, None
        chance, last = random.random(), len(groups) - 1
        if silent_from is None and chance < scenario.silences:
            groups.append(MessageGroup((STOP_TEXT,), ()))
            silent_from = len(groups)
        elif silent_from is None and not scenario.burst:
            if chance < scenario.silences + scenario.words:
                agent_at, silent_from = last, last + 1
                groups[last] = replace(groups[last], has_offer=False)  # the agent would silence it
            elif chance < scenario.silences + scenario.words + scenario.erasures:
                erased_at = last
        if silent_from is not None or erased_at is not None:
            groups.append(MessageGroup((random.choice(_USER_TEXTS),), ()))
        is_whole = silent_from is None and erased_at is None and not scenario.burst
        deadly = Random(f"{scenario.seed}:{contact}:deadly").random() < scenario.deadly  # noqa: S311 - repeatable
        return PlannedConversation(
            contact, tuple(groups), silent_from, agent_at, erased_at, has_deadly=is_whole and deadly
        )

    async def compute_replies(self, contact: str, turns_of_texts: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """Return the bodies that must answer `turns_of_texts`; each item is the messages of one turn."""
        address = Address(
            channel=self._channel.name, account=self._account, ours=self._business_number, theirs=contact
        )
        state: State | None = None
        bodies: list[str] = []
        for number, texts in enumerate(turns_of_texts):
            turns = [Turn(id=f"{number}", session=contact, address=address, text=text) for text in texts]
            step = await self._dialog.answer(merge_turns(turns), state)
            state = step.state
            bodies += [
                part.body for message in step.messages for part in self._channel.render(message, address)
            ]
        return tuple(bodies)
