"""Schedule, broadcast, opt-out and service window in every state of small worlds, and with planted faults."""

from __future__ import annotations

import pytest

from tests.effort import FULL
from tests.protocol.explorer import Explorer, Report
from tests.protocol.guarantees import final_guarantees_for, guarantees_for
from tests.protocol.sending.actors import SendingActors
from tests.protocol.sending.faults import (
    ConsentUnchecked,
    HeldUnseen,
    KeyForgotten,
    ReleasedUnseen,
    RightUnchecked,
    SettledLater,
    WindowModel,
    WindowUnchecked,
)
from tests.protocol.sending.model import SendingModel
from tests.protocol.world import WorldLimits

ONE_TURN = WorldLimits(turns=("A",), duplicates=(), workers=1, pauses=False, pass_on=False)


def explore(bounds: WorldLimits, scripts: SendingModel | None = None) -> Report:
    """Explore a world; a window is one of its scripts."""
    model = scripts or (WindowModel() if bounds.window else SendingModel())
    report = Explorer(
        SendingActors(model, bounds), guarantees_for(bounds), final_guarantees_for(bounds)
    ).explore()
    print(report)
    return report


SCHEDULE = ONE_TURN._replace(scheduled=("later",))
BROADCAST = ONE_TURN._replace(rows=("", "s"))
WINDOW = ONE_TURN._replace(turns=("A", "B"), window=True, waits=True)
WORLDS = {
    "a scheduled message, cancelled at any moment, and kills": SCHEDULE,
    "a scheduled message, and an opt-out": SCHEDULE._replace(opt_out=True, senders=1),
    "a broadcast with a contact twice, stopped at any moment, and kills": BROADCAST._replace(
        rows=("s", "s"), senders=1
    ),
    "a broadcast fed by two processes": BROADCAST,
    "a broadcast, and an opt-out": BROADCAST._replace(opt_out=True),
    "a window that closes while replies wait for the next message": WINDOW,
    "a window that closes, and replies that are rejected then": WINDOW._replace(waits=False),
}
LARGE = ("a broadcast fed by two processes", "a broadcast, and an opt-out")


@pytest.mark.parametrize("name", [name for name in WORLDS if FULL or name not in LARGE])
def test_the_guarantees_hold_for_messages_of_the_business(name: str) -> None:
    report = explore(WORLDS[name])

    assert not report.violation, str(report)


FAULTS: list[tuple[SendingModel, WorldLimits, str, str]] = [
    (SettledLater(), SCHEDULE, "L13: later was cancelled, and is sent", "defer"),
    (ReleasedUnseen(), SCHEDULE, "L13: later was cancelled, and is sent", "cancel"),
    (KeyForgotten(), BROADCAST, "L7: queued", "queue_row"),
    (ConsentUnchecked(), BROADCAST, "L13: a stopped broadcast may be sent", "stop"),
    (
        ConsentUnchecked(),
        SCHEDULE._replace(opt_out=True, senders=1),
        "may be sent to a contact who opted out",
        "opt_out",
    ),
    (RightUnchecked(), BROADCAST, "was recorded in place of another", "right_runs_out"),
    (WindowUnchecked(), WINDOW, "may be sent outside the service window", "window_closes"),
    (HeldUnseen(), WINDOW, "L13: ('A.1',) waits though the window is open", "hold"),
]


@pytest.mark.parametrize(("scripts", "bounds", "violation", "step"), FAULTS)
def test_a_planted_fault_is_found(
    scripts: SendingModel, bounds: WorldLimits, violation: str, step: str
) -> None:
    report = explore(bounds, scripts)

    assert violation in report.violation
    assert step in {each.name for each in report.trace}
