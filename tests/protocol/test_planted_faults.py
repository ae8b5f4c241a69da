"""The checker finds each planted fault, by a shortest trace."""

from __future__ import annotations

import pytest

from tests.protocol.actors import Actors
from tests.protocol.explorer import Explorer, Report
from tests.protocol.guarantees import (
    acknowledged_turns_are_recorded,
    all_turns_are_answered,
    final_guarantees_for,
    guarantees_for,
    no_turn_is_given_up_without_a_failure,
)
from tests.protocol.model import ScriptModel
from tests.protocol.planted_faults import (
    AddressUnchecked,
    BurstReadEarly,
    CancelledTimerAnswered,
    DeathsCountedAsFailures,
    MarkedBeforeAppended,
    NonceForgotten,
    OutboxHeadUnchecked,
    OwnerUnchecked,
    PoppedBeforeProcessing,
    RateLimitIgnored,
    RecordNotBelieved,
    RepeatingFences,
    SendDeathsUncounted,
    StaleTimerKept,
    UncheckedUnlock,
    UniqueJobs,
    WithoutFences,
)
from tests.protocol.world import WorldLimits

SMALL = WorldLimits(turns=("A", "B"), duplicates=())
FAULT_FREE = SMALL._replace(crashes=False, pauses=False, pass_on=False, leave=False)
ONE_TURN = WorldLimits(turns=("A",), duplicates=())


def list_step_names(report: Report) -> list[str]:
    """Return the names of the steps, without acknowledgements, which may come at any time."""
    print(report)
    return [step.name for step in report.trace if step.name != "acknowledge"]


def test_a_deduplication_key_set_before_the_append_loses_the_message_on_a_crash() -> None:
    actors = MarkedBeforeAppended(ScriptModel(), ONE_TURN)
    report = Explorer(actors, [acknowledged_turns_are_recorded], final_guarantees_for(ONE_TURN)).explore()

    assert list_step_names(report) == ["mark_seen", "crash", "accept"]
    assert report.violation == "L2: A was acknowledged but is not stored"


def test_a_lock_that_expires_during_a_long_model_call_lets_two_workers_write() -> None:
    bounds = ONE_TURN._replace(crashes=False, pass_on=False)
    report = Explorer(Actors(WithoutFences(), bounds), guarantees_for(bounds), []).explore()

    assert report.violation == "L5: worker 1 wrote without the lease"
    assert list_step_names(report)[:4] == ["accept", "take", "claim", "lease_runs_out"]


def test_a_message_between_the_last_read_and_the_unlock_is_never_processed() -> None:
    report = Explorer(Actors(UncheckedUnlock(), FAULT_FREE), [], [all_turns_are_answered]).explore()

    assert report.violation == "L8: ('B',) is never processed"
    assert list_step_names(report)[5:] == ["sent", "accept", "release"]


def test_a_pop_before_processing_loses_the_message_on_a_crash() -> None:
    bounds = ONE_TURN._replace(pass_on=False, pauses=False)
    report = Explorer(Actors(PoppedBeforeProcessing(), bounds), [], [all_turns_are_answered]).explore()

    assert report.violation == "L8: ['A'] was never answered"
    assert list_step_names(report)[:4] == ["accept", "take", "claim", "crash"]


def test_unique_jobs_strand_a_session_without_any_crash() -> None:
    report = Explorer(Actors(UniqueJobs(), FAULT_FREE), [], [all_turns_are_answered]).explore()

    assert report.violation == "L8: ('B',) is never processed"
    assert list_step_names(report)[5:] == ["sent", "release", "accept"]


def test_a_worker_that_ignores_its_clock_sends_after_its_lease() -> None:
    bounds = ONE_TURN._replace(trusted_clock=False)
    report = Explorer(
        Actors(ScriptModel(), bounds), guarantees_for(bounds), final_guarantees_for(bounds)
    ).explore()

    assert report.violation == "L5: A.1 was sent by a worker without the lease"
    assert list_step_names(report)[3:] == [
        "commit",
        "lease_runs_out",
        "due_comes",
        "sweep",
        "take",
        "claim",
        "send",
    ]


TIMED = WorldLimits(duplicates=(), workers=1, crashes=False, pauses=False, pass_on=False, timers=("A",))


def test_a_timer_that_is_not_checked_again_fires_after_a_message() -> None:
    report = Explorer(
        Actors(CancelledTimerAnswered(), TIMED), guarantees_for(TIMED), final_guarantees_for(TIMED)
    ).explore()

    assert report.violation == "a cancelled timer was answered"
    assert list_step_names(report)[-2:] == ["accept", "fire"]


def test_a_timer_of_an_earlier_turn_fires_after_a_message() -> None:
    report = Explorer(
        Actors(StaleTimerKept(), TIMED), guarantees_for(TIMED), final_guarantees_for(TIMED)
    ).explore()

    assert report.violation == "a cancelled timer was answered"
    assert "timer_runs_out" in list_step_names(report)


def test_a_burst_read_by_the_current_holder_is_split() -> None:
    report = Explorer(
        Actors(BurstReadEarly(), SMALL), guarantees_for(SMALL), final_guarantees_for(SMALL)
    ).explore()

    assert report.violation == "L11: a burst was taken before its end"


def test_a_reply_that_ignores_its_slot_is_sent_too_early() -> None:
    bounds = ONE_TURN._replace(parts=2)
    report = Explorer(
        Actors(RateLimitIgnored(), bounds), guarantees_for(bounds), final_guarantees_for(bounds)
    ).explore()

    assert report.violation == "A.2 may be sent before its rate limit slot"


def test_a_reply_marked_without_its_name_loses_an_agents_words() -> None:
    bounds = ONE_TURN._replace(words=("word",), workers=1, pauses=False, pass_on=False)
    report = Explorer(Actors(OutboxHeadUnchecked(), bounds), [], final_guarantees_for(bounds)).explore()

    assert report.violation == "L10: ['word'] of an agent never reached the provider"
    assert list_step_names(report)[:6] == ["accept", "take", "claim", "say", "commit", "crash"]


@pytest.mark.parametrize("event", ["erase", "fail_over"])
def test_a_fence_that_is_set_back_is_given_to_two_workers(event: str) -> None:
    bounds = FAULT_FREE._replace(erase=event == "erase", failover=event == "fail_over")
    report = Explorer(Actors(RepeatingFences(), bounds), guarantees_for(bounds), []).explore()

    assert "wrote without the lease" in report.violation
    assert event in list_step_names(report)


def test_an_owner_who_is_not_checked_at_the_mark_is_interrupted_by_the_bot() -> None:
    bounds = ONE_TURN._replace(take_over=True)
    report = Explorer(Actors(OwnerUnchecked(), bounds), guarantees_for(bounds), []).explore()

    assert report.violation == "L10: A.1 may be sent under an agent"


def test_an_address_that_is_not_checked_at_the_mark_is_used_after_it_was_given_up() -> None:
    bounds = ONE_TURN._replace(moves=True)
    report = Explorer(Actors(AddressUnchecked(), bounds), guarantees_for(bounds), []).explore()

    assert report.violation == "A.1 may be sent to an address that was given up"


@pytest.mark.long
def test_a_record_that_is_not_believed_silences_the_bot_after_a_lost_give_back() -> None:
    bounds = ONE_TURN._replace(take_over=True, transfer=True, heals=("A",))
    report = Explorer(Actors(RecordNotBelieved(), bounds), [], final_guarantees_for(bounds)).explore()

    assert report.violation == "L10: ['A'] met a hold that had ended"


def test_pauses_that_count_as_failures_give_up_a_good_turn() -> None:
    bounds = ONE_TURN._replace(crashes=False, deaths=2)
    actors = Actors(DeathsCountedAsFailures(), bounds)
    report = Explorer(actors, [no_turn_is_given_up_without_a_failure], []).explore()

    assert report.violation == "L9: A was given up without a failure"


def test_a_reply_that_kills_its_workers_uncounted_holds_up_the_session_for_good() -> None:
    bounds = ONE_TURN._replace(crashes=False, deaths=2, deadly=("A.1",))
    actors = Actors(SendDeathsUncounted(), bounds)
    report = Explorer(actors, guarantees_for(bounds), final_guarantees_for(bounds)).explore()

    assert report.violation == "L8: it never ends"


def test_a_lost_answer_that_counts_as_a_death_gives_up_a_good_turn() -> None:
    bounds = ONE_TURN._replace(crashes=False, pauses=False, deaths=2, lost_answers=True)
    actors = Actors(NonceForgotten(), bounds)
    report = Explorer(actors, [no_turn_is_given_up_without_a_failure], []).explore()

    assert report.violation == "L9: A was given up without a failure"


@pytest.mark.long
@pytest.mark.parametrize(
    "scripts", [WithoutFences(), UncheckedUnlock(), PoppedBeforeProcessing(), UniqueJobs()]
)
def test_the_guarantees_together_find_each_fault(scripts: ScriptModel) -> None:
    report = Explorer(Actors(scripts, SMALL), guarantees_for(SMALL), final_guarantees_for(SMALL)).explore()

    assert report.violation, str(report)
