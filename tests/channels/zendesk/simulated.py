"""Acts of contacts and agents at the simulated Zendesk."""

from __future__ import annotations

from channels._kit.simulator import (
    UserMessage,
)
from tests.channels.zendesk.simulation import Simulation, turns

ADA = "ada@example.com"


def say(desk: Simulation, text: str = "Where is my parcel?", **more: object) -> list[str]:
    """Send a message as Ada and return the texts of the turns."""
    _, deliveries = desk.simulator.send_user_message(UserMessage("zendesk", ADA, text, **more), desk.now)  # type: ignore[arg-type]
    found = turns(desk.hear(deliveries))
    desk.now += 5
    return found
