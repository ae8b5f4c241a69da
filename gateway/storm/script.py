"""What people say in a storm, and what they must hear: made from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import httpx

from core.channel import Channel
from core.dialog import Dialog, State
from core.turn import Address, Turn

_LINES = (
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
class Script:
    """One person's part: what is said, and for each message the bodies that must come back, in order."""

    person: str
    says: tuple[str, ...]
    hears: tuple[tuple[str, ...], ...]


async def write_script(
    number: int, seed: int, dialog: Dialog, channel: Channel[httpx.AsyncClient], ours: str, account: str
) -> Script:
    """The `number`-th person's script: replies are those of the same flow run here, without any queue."""
    random = Random(f"{seed}:{number}")  # noqa: S311 - repeatable on purpose
    person = f"+1555{number:07d}"
    address = Address(channel=channel.name, account=account, ours=ours, theirs=person)
    says = tuple(random.choice(_LINES) for _ in range(random.randint(2, 6)))
    hears: list[tuple[str, ...]] = []
    state: State | None = None
    for place, text in enumerate(says):
        turn = Turn(id=f"{number}.{place}", session=person, address=address, text=text)
        step = await dialog.answer(turn, state)
        state = step.state
        parts = [part.body for message in step.messages for part in channel.render(message, address)]
        hears.append(tuple(parts))
        if step.hand_off:
            says = says[: place + 1]
            break
    return Script(person, says, tuple(hears))
