"""The protocol's laws in every state of several small worlds, each explored to its end."""

from __future__ import annotations

import pytest

from tests.protocol.actors import Actors
from tests.protocol.explorer import Explorer, Report
from tests.protocol.guarantees import end_laws_for, laws_for, nothing_is_given_up_untried
from tests.protocol.model import ScriptModel
from tests.protocol.world import WorldLimits

EVERY_FAILURE = ("timed_out", "unavailable", "rejected")
ONE_TURN = WorldLimits(turns=("A",), duplicates=())

WORLDS = {
    "two messages, one of them delivered twice, two workers, crashes": WorldLimits(),
    "a reply of two parts and every way in which a send may fail": ONE_TURN._replace(
        parts=2, send_failures=EVERY_FAILURE
    ),
    "two messages, and failures at every turn": WorldLimits(
        duplicates=(), workers=1, send_failures=("timed_out",), dialog_failures=True, tries=1
    ),
    "a dialog that fails until the turn is given up": ONE_TURN._replace(dialog_failures=True, tries=2),
    "a provider that cannot be asked": ONE_TURN._replace(
        parts=2, look_up=False, send_failures=("timed_out", "unavailable")
    ),
    "a person who takes over at any moment": ONE_TURN._replace(
        parts=2, take_over=True, send_failures=("timed_out", "unavailable")
    ),
    "three workers": ONE_TURN._replace(workers=3),
}


TWO_WAITING = WorldLimits(duplicates=(), workers=1, crashes=False)


class SmallMailbox(ScriptModel):
    """A mailbox for one message: the next delivery is refused and comes again."""

    mailbox_length = 1


class Gathering(ScriptModel):
    """Messages that come one after the other are one turn."""

    merges_bursts = True


class Paced(ScriptModel):
    """A provider that takes one send at a time."""

    limits_rate = True


def explored(bounds: WorldLimits, scripts: ScriptModel | None = None) -> Report:
    return Explorer(
        Actors(scripts or ScriptModel(), bounds), laws_for(bounds), end_laws_for(bounds)
    ).explore()


@pytest.mark.parametrize("name", WORLDS)
def test_the_laws_hold_in_every_reachable_state(name: str) -> None:
    report = explored(WORLDS[name])

    print(report)
    assert not report.violation, str(report)
    assert report.states > 1000


TIMED = {
    "a person who writes before, while or after the time to answer runs out": WorldLimits(
        duplicates=(), timers=("A", "B"), workers=1
    ),
    "a timer of the first message only": WorldLimits(duplicates=(), timers=("A",), workers=1),
    "a timer, and a person of the business who takes over": ONE_TURN._replace(timers=("A",), take_over=True),
}


@pytest.mark.parametrize("name", TIMED)
def test_a_timer_is_answered_unless_somebody_wrote(name: str) -> None:
    report = explored(TIMED[name])

    print(report)
    assert not report.violation, str(report)


@pytest.mark.parametrize("bounds", [WorldLimits(workers=1), ONE_TURN._replace(timers=("A",))])
def test_a_burst_is_taken_once_it_is_over_and_whole(bounds: WorldLimits) -> None:
    report = explored(bounds, Gathering())

    print(report)
    assert not report.violation, str(report)


@pytest.mark.parametrize("bounds", [ONE_TURN._replace(parts=2, send_failures=("timed_out",)), TWO_WAITING])
def test_replies_wait_for_the_provider_in_their_order(bounds: WorldLimits) -> None:
    report = explored(bounds, Paced())

    print(report)
    assert not report.violation, str(report)


def test_a_full_mailbox_refuses_and_loses_nothing() -> None:
    report = explored(WorldLimits(workers=1), SmallMailbox())

    assert not report.violation, str(report)


def test_a_turn_that_is_only_passed_on_is_never_given_up() -> None:
    bounds = ONE_TURN._replace(crashes=False, pauses=False, tries=2)
    report = Explorer(Actors(ScriptModel(), bounds), [nothing_is_given_up_untried], []).explore()

    assert not report.violation, str(report)
