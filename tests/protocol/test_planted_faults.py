"""The checker finds five known failures when they are planted, each by a shortest trace."""

from __future__ import annotations

import pytest

from tests.protocol.actors import Actors
from tests.protocol.explorer import Explorer, Report
from tests.protocol.guarantees import (
    all_is_answered,
    end_laws_for,
    laws_for,
    nothing_acknowledged_is_unrecorded,
    turns_end_once_and_in_order,
)
from tests.protocol.model import ScriptModel
from tests.protocol.planted_faults import (
    BurstReadEarly,
    CancelledTimerAnswered,
    MarkedBeforeAppended,
    PoppedBeforeProcessing,
    RateLimitIgnored,
    StaleTimerKept,
    UncheckedUnlock,
    UniqueJobs,
    WithoutFences,
)
from tests.protocol.world import WorldLimits

SMALL = WorldLimits(turns=("A", "B"), duplicates=())
UNHARMED = SMALL._replace(crashes=False, pauses=False, pass_on=False, leave=False)
ONE_TURN = WorldLimits(turns=("A",), duplicates=())


def names(report: Report) -> list[str]:
    """What was done, without the answers to providers, which come at any moment."""
    print(report)
    return [step.name for step in report.trace if step.name != "acknowledge"]


def test_a_dedupe_key_set_before_the_append_loses_the_message_of_a_process_that_dies_between() -> None:
    actors = MarkedBeforeAppended(ScriptModel(), ONE_TURN)
    report = Explorer(actors, [nothing_acknowledged_is_unrecorded], end_laws_for(ONE_TURN)).explore()

    assert names(report) == ["mark_seen", "crash", "accept"]
    assert report.violation == "L2: A was acknowledged and is nowhere"


def test_a_lock_that_expires_during_a_long_model_call_lets_two_turns_overlap() -> None:
    report = Explorer(Actors(WithoutFences(), ONE_TURN), [turns_end_once_and_in_order], []).explore()

    assert report.violation == "L4: accepted ('A',), committed ('A', 'A')"
    assert names(report)[:4] == ["accept", "take", "claim", "lease_runs_out"]
    assert names(report)[4:] == ["due_comes", "sweep", "take", "claim", "commit", "commit"]


def test_a_message_that_arrives_between_the_last_look_and_the_unlock_waits_for_ever() -> None:
    report = Explorer(Actors(UncheckedUnlock(), UNHARMED), [], [all_is_answered]).explore()

    assert report.violation == "L8: ('B',) waits for ever"
    assert names(report)[5:] == ["sent", "accept", "release"]


def test_a_pop_before_the_work_loses_the_message_on_a_kill() -> None:
    bounds = ONE_TURN._replace(pass_on=False, pauses=False)
    report = Explorer(Actors(PoppedBeforeProcessing(), bounds), [], [all_is_answered]).explore()

    assert report.violation == "L8: ['A'] was never answered"
    assert names(report)[:4] == ["accept", "take", "claim", "crash"]


def test_unique_jobs_strand_a_wake_up_although_nothing_crashed() -> None:
    report = Explorer(Actors(UniqueJobs(), UNHARMED), [], [all_is_answered]).explore()

    assert report.violation == "L8: ('B',) waits for ever"
    assert names(report)[5:] == ["sent", "release", "accept"]


def test_a_worker_that_does_not_ask_its_clock_before_a_send_sends_after_its_lease() -> None:
    bounds = ONE_TURN._replace(trusted_clock=False)
    report = Explorer(Actors(ScriptModel(), bounds), laws_for(bounds), end_laws_for(bounds)).explore()

    assert report.violation == "L5: A.1 was sent by a worker that had lost the session"
    assert names(report)[3:] == ["commit", "lease_runs_out", "due_comes", "sweep", "take", "claim", "send"]


TIMED = WorldLimits(duplicates=(), workers=1, crashes=False, pauses=False, pass_on=False, timers=("A",))


def test_a_timer_that_is_answered_without_asking_again_answers_who_has_written() -> None:
    report = Explorer(Actors(CancelledTimerAnswered(), TIMED), laws_for(TIMED), end_laws_for(TIMED)).explore()

    assert report.violation == "a timer was answered that nobody waited for"
    assert names(report)[-2:] == ["accept", "fire"]


def test_a_timer_of_an_earlier_turn_answers_who_has_written() -> None:
    report = Explorer(Actors(StaleTimerKept(), TIMED), laws_for(TIMED), end_laws_for(TIMED)).explore()

    assert report.violation == "a timer was answered that nobody waited for"
    assert "timer_runs_out" in names(report)


def test_a_burst_that_is_taken_by_who_is_at_work_already_is_cut_in_two() -> None:
    report = Explorer(Actors(BurstReadEarly(), SMALL), laws_for(SMALL), end_laws_for(SMALL)).explore()

    assert report.violation == "L11: a burst was taken that may still grow"


def test_a_reply_that_forgets_its_place_comes_too_early() -> None:
    bounds = ONE_TURN._replace(parts=2)
    report = Explorer(Actors(RateLimitIgnored(), bounds), laws_for(bounds), end_laws_for(bounds)).explore()

    assert report.violation == "A.2 may leave before the provider takes it"


@pytest.mark.parametrize(
    "scripts", [WithoutFences(), UncheckedUnlock(), PoppedBeforeProcessing(), UniqueJobs()]
)
def test_the_laws_as_a_whole_find_each_failure_too(scripts: ScriptModel) -> None:
    report = Explorer(Actors(scripts, SMALL), laws_for(SMALL), end_laws_for(SMALL)).explore()

    assert report.violation, str(report)
