"""The guarantees in every state of several small worlds, each explored completely."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.effort import FULL
from tests.protocol.actors import Actors
from tests.protocol.explorer import Explorer, Report
from tests.protocol.guarantees import (
    final_guarantees_for,
    guarantees_for,
    no_turn_is_given_up_without_a_failure,
)
from tests.protocol.model import ScriptModel
from tests.protocol.variants import BurstModel, RateLimitedModel
from tests.protocol.world import World, WorldLimits

EVERY_FAILURE = ("timed_out", "unavailable", "rejected")
ONE_TURN = WorldLimits(turns=("A",), duplicates=())
LARGE = (
    "two messages, one of them delivered twice, two workers, crashes",
    "a reply of two parts and every kind of send failure",
    "two messages, and failures at every turn",
    "an agent who takes over at any moment",
    "a contact who writes before, while or after the timer expires",
    "an agent and the business, and every kind of send failure",
    "a failover, crashes, and an agent",
)
"""Worlds of tens of thousands of states: explored in CI and by `make test-all`."""

WORLDS = {
    "two messages, one of them delivered twice, two workers, crashes": WorldLimits(),
    "a reply of two parts and every kind of send failure": ONE_TURN._replace(
        parts=2, send_failures=EVERY_FAILURE
    ),
    "two messages, and failures at every turn": WorldLimits(
        duplicates=(), workers=1, send_failures=("timed_out",), dialog_failures=True, tries=1
    ),
    "a dialog that fails until a dead letter": ONE_TURN._replace(dialog_failures=True, tries=2),
    "a provider without look-up": ONE_TURN._replace(
        parts=2, look_up=False, send_failures=("timed_out", "unavailable")
    ),
    "an agent who takes over at any moment": ONE_TURN._replace(
        parts=2, take_over=True, send_failures=("timed_out", "unavailable")
    ),
    "three workers": ONE_TURN._replace(workers=3),
}


def list_explored(worlds: Mapping[str, WorldLimits]) -> list[str]:
    """Return the names of the worlds to explore: without the large ones by default."""
    return [name for name in worlds if FULL or name not in LARGE]


OUTSIDE = {
    "an agent who says something while the bot answers": ONE_TURN._replace(words=("word",)),
    "an agent and the business, and every kind of send failure": ONE_TURN._replace(
        workers=1, words=("word",), proactive=("offer",), send_failures=("timed_out", "unavailable")
    ),
    "two words of an agent and two messages": WorldLimits(
        duplicates=(), workers=1, words=("word1", "word2"), crashes=False, pauses=False, pass_on=False
    ),
    "an erasure at any moment": WorldLimits(duplicates=(), erase=True, crashes=False, pass_on=False),
    "an erasure, crashes, and an agent": ONE_TURN._replace(words=("word",), erase=True, workers=1),
    "a failover to a replica that has fallen behind": ONE_TURN._replace(
        failover=True, crashes=False, pass_on=False
    ),
    "a failover, crashes, and an agent": ONE_TURN._replace(
        words=("word",), failover=True, workers=1, pauses=False, pass_on=False
    ),
    "a contact who gets another address": ONE_TURN._replace(
        parts=2, moves=True, send_failures=("timed_out",)
    ),
    "a give-back that is lost, late, or overtaken": ONE_TURN._replace(
        take_over=True, transfer=True, heals=("A",), participant=True
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("name", list_explored(OUTSIDE))
def test_the_guarantees_hold_whoever_else_acts(name: str) -> None:
    report = explore(OUTSIDE[name])

    print(report)
    assert not report.violation, str(report)


TWO_WAITING = WorldLimits(duplicates=(), workers=1, crashes=False)


class SmallMailbox(ScriptModel):
    """A mailbox for one message: the next delivery is refused and repeated."""

    mailbox_length = 1


def explore(bounds: WorldLimits, scripts: ScriptModel | None = None) -> Report:
    return Explorer(
        Actors(scripts or ScriptModel(), bounds), guarantees_for(bounds), final_guarantees_for(bounds)
    ).explore()


@pytest.mark.parametrize("name", list_explored(WORLDS))
def test_the_guarantees_hold_in_every_reachable_state(name: str) -> None:
    report = explore(WORLDS[name])

    print(report)
    assert not report.violation, str(report)
    assert report.states > 1000


TIMED = {
    "a contact who writes before, while or after the timer expires": WorldLimits(
        duplicates=(), timers=("A", "B"), workers=1
    ),
    "a timer of the first message only": WorldLimits(duplicates=(), timers=("A",), workers=1),
    "a timer, and an agent who takes over": ONE_TURN._replace(timers=("A",), take_over=True),
}


@pytest.mark.long
@pytest.mark.parametrize("name", list_explored(TIMED))
def test_a_timer_is_answered_unless_cancelled(name: str) -> None:
    report = explore(TIMED[name])

    print(report)
    assert not report.violation, str(report)


@pytest.mark.long
@pytest.mark.parametrize("bounds", [ONE_TURN._replace(timers=("A",)), *([WorldLimits(workers=1)] * FULL)])
def test_a_burst_is_taken_completely_after_its_end(bounds: WorldLimits) -> None:
    report = explore(bounds, BurstModel())

    print(report)
    assert not report.violation, str(report)


@pytest.mark.long
@pytest.mark.parametrize(
    "bounds", [TWO_WAITING, *([ONE_TURN._replace(parts=2, send_failures=("timed_out",))] * FULL)]
)
def test_rate_limited_replies_are_sent_in_order(bounds: WorldLimits) -> None:
    report = explore(bounds, RateLimitedModel())

    print(report)
    assert not report.violation, str(report)


@pytest.mark.long
def test_a_full_mailbox_rejects_and_loses_nothing() -> None:
    report = explore(WorldLimits(workers=1), SmallMailbox())

    assert not report.violation, str(report)


def test_a_turn_that_is_only_requeued_is_never_given_up() -> None:
    bounds = ONE_TURN._replace(crashes=False, pauses=False, tries=2, deaths=2)
    report = Explorer(Actors(ScriptModel(), bounds), [no_turn_is_given_up_without_a_failure], []).explore()

    assert not report.violation, str(report)


def test_a_turn_whose_workers_only_pause_is_never_given_up() -> None:
    bounds = ONE_TURN._replace(crashes=False, deaths=2)
    report = Explorer(Actors(ScriptModel(), bounds), [no_turn_is_given_up_without_a_failure], []).explore()

    assert not report.violation, str(report)


@pytest.mark.long
def test_a_turn_whose_claims_lose_their_answers_is_never_given_up() -> None:
    bounds = ONE_TURN._replace(crashes=False, pauses=False, pass_on=False, deaths=2, lost_answers=True)
    checks = (*guarantees_for(bounds), no_turn_is_given_up_without_a_failure)
    report = Explorer(Actors(ScriptModel(), bounds), checks, final_guarantees_for(bounds)).explore()

    print(report)
    assert not report.violation, str(report)


def test_a_turn_whose_workers_die_is_given_up_after_a_number_of_deaths() -> None:
    bounds = ONE_TURN._replace(pauses=False, deaths=2)
    report = Explorer(Actors(ScriptModel(), bounds), [no_turn_is_given_up_without_a_failure], []).explore()

    assert report.violation == "L9: A was given up without a failure"
    assert [step.name for step in report.trace].count("crash") == 2


def no_reply_is_given_up(world: World) -> str:
    """L9 where no turn can be given up: the dead letters are replies."""
    return f"L9: {world.store.dead[0]} was given up" if world.store.dead else ""


def test_a_reply_whose_workers_die_is_given_up_after_a_number_of_deaths() -> None:
    bounds = WorldLimits(turns=("A",), duplicates=(), pauses=False, crashes=False, deaths=2, deadly=("A.1",))
    report = Explorer(Actors(ScriptModel(), bounds), [no_reply_is_given_up], []).explore()

    assert report.violation == "L9: A.1 was given up"
    assert [step.name for step in report.trace].count("die") == 2


DEADLY = {
    "two messages, an agent, and a worker that pauses": WorldLimits(
        duplicates=(), workers=1, crashes=False, pass_on=False, words=("word",), deaths=2
    ),
    "two workers": ONE_TURN._replace(parts=2, crashes=False, pass_on=False, deaths=2),
    "a provider without look-up": ONE_TURN._replace(parts=2, crashes=False, look_up=False, deaths=2),
}


@pytest.mark.parametrize("world", DEADLY)
@pytest.mark.parametrize("deadly", ["A", "A.1"])
def test_what_kills_its_workers_holds_up_nothing(world: str, deadly: str) -> None:
    report = explore(DEADLY[world]._replace(deadly=(deadly,)))

    print(report)
    assert not report.violation, str(report)


@pytest.mark.parametrize("deaths", [2, 3])
def test_a_reply_whose_workers_only_pause_is_never_given_up(deaths: int) -> None:
    bounds = ONE_TURN._replace(parts=2, crashes=False, words=("word",), deaths=deaths)
    report = Explorer(Actors(ScriptModel(), bounds), [no_turn_is_given_up_without_a_failure], []).explore()

    assert not report.violation, str(report)
