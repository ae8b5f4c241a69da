"""Random traces of the model, replayed step by step on the real scripts, so that the two cannot diverge."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from redis.asyncio import Redis

from tests.effort import FULL
from tests.protocol.actors import Actors
from tests.protocol.model import ScriptModel
from tests.protocol.planted_faults import PoppedBeforeProcessing, UncheckedUnlock, WithoutFences
from tests.protocol.replay import Replay
from tests.protocol.sending.actors import SendingActors
from tests.protocol.sending.faults import WindowModel
from tests.protocol.sending.model import SendingModel
from tests.protocol.sending.replay import SendingReplay
from tests.protocol.variants import BurstModel, RateLimitedModel
from tests.protocol.world import Step, World, WorldLimits

STEPS = 80
WALKS = 60
CONTACT_WALKS = 24
SENDING_WALKS = 40
FAULTY = WorldLimits(
    turns=("A", "B", "C"),
    parts=2,
    take_over=True,
    send_failures=("timed_out", "unavailable", "rejected"),
    dialog_failures=True,
    tries=2,
)
FAULT_FREE = WorldLimits(turns=("A", "B", "C", "D"), crashes=False, pauses=False, pass_on=False, leave=False)
TIMED = WorldLimits(turns=("A", "B", "C", "D"), timers=("A", "C", "D"), take_over=True)
OUTSIDE = WorldLimits(
    turns=("A", "B", "C"),
    parts=2,
    words=("agent-1", "agent-2"),
    proactive=("offer",),
    send_failures=("timed_out", "rejected"),
    dialog_failures=True,
    erase=True,
    deaths=2,
)
HEALED = WorldLimits(
    turns=("A", "B", "C"), parts=2, take_over=True, transfer=True, heals=("B",), participant=True
)
MOVED = WorldLimits(
    turns=("A", "B"), parts=2, moves=True, words=("word1",), send_failures=("timed_out", "unavailable")
)
UNANSWERED = WorldLimits(turns=("A", "B"), deaths=3, lost_answers=True)
DEADLY = WorldLimits(
    turns=("A", "B", "C"), parts=2, deaths=2, deadly=("A.1", "B", "word"), words=("word",), lost_answers=True
)
SCHEDULED = WorldLimits(
    turns=("A", "B"), scheduled=("own-later",), take_over=True, opt_out=True, send_failures=("timed_out",)
)
BROADCAST = WorldLimits(turns=("A", "B"), rows=("", "s", "s"), opt_out=True)
WINDOW = WorldLimits(turns=("A", "B", "C"), parts=2, window=True, waits=True, send_failures=("timed_out",))
RARE = {
    "crash": 0.1,
    "take_over": 0.1,
    "lease_runs_out": 0.2,
    "dialog_fails": 0.5,
    "erase": 0.05,
    "fail_over": 0.2,
}
# Messages arrive late enough that some meet a worker at its release.
LATE = {"accept": 0.1, "release": 0.2, "due_comes": 0.2, "renew": 0.2}
FEW = {"accept": 0.3, "renew": 0.1, "opt_out": 0.05, "right_runs_out": 0.3, "lease_runs_out": 0.05}
SLOW = {"pace_passes": 0.1, "send_rejected": 0.3}

Walk = list[tuple[Step, World]]


CONFIGURATIONS: list[tuple[ScriptModel, WorldLimits, dict[str, float]]] = [
    (ScriptModel(), FAULT_FREE, LATE),
    (ScriptModel(), FAULTY, RARE),
    (ScriptModel(), TIMED, RARE | LATE),
    (BurstModel(), TIMED, RARE),
    (RateLimitedModel(), FAULTY._replace(timers=("B",)), RARE | SLOW),
    (ScriptModel(), OUTSIDE, RARE),
    (RateLimitedModel(), OUTSIDE._replace(erase=False, failover=True), RARE | SLOW),
]
CONTACTS: list[tuple[ScriptModel, WorldLimits, dict[str, float]]] = [
    (ScriptModel(), HEALED, RARE | LATE | {"take_over": 0.4}),
    (ScriptModel(), MOVED, RARE | {"move": 0.2}),
    (ScriptModel(), UNANSWERED, RARE),
    (ScriptModel(), DEADLY, RARE),
]
"""Walks in which somebody else writes, an address changes, something is lost, or something kills workers."""


def build_actors(scripts: ScriptModel, bounds: WorldLimits) -> Actors:
    """Build the actors of a world."""
    return SendingActors(scripts, bounds) if isinstance(scripts, SendingModel) else Actors(scripts, bounds)


def walk(scripts: ScriptModel, bounds: WorldLimits, weights: dict[str, float], seed: int) -> Walk:
    """Take a random walk through the model's world."""
    actors, chance = build_actors(scripts, bounds), random.Random(seed)
    world = actors.initial_world()
    walked: Walk = [(Step("begin", ""), world)]
    for _ in range(STEPS):
        choices = list(actors.next_steps(world))
        if not choices:
            break
        step, world = chance.choices(choices, [weights.get(step.name, 1.0) for step, _ in choices])[0]
        walked.append((step, world))
    return walked


SENDING: list[tuple[SendingModel, WorldLimits, dict[str, float]]] = [
    (SendingModel(), SCHEDULED, RARE | FEW | {"cancel": 0.3}),
    (SendingModel(), BROADCAST, RARE | FEW | {"stop": 0.05}),
    (WindowModel(), WINDOW, RARE | {"window_closes": 0.5}),
]
"""Walks with a schedule, a broadcast, an opt-out, or a service window."""


async def replay(redis: Redis, scripts: ScriptModel, bounds: WorldLimits, walk: Walk) -> None:
    """Perform every step on the server and compare all of its data after it."""
    actors = build_actors(scripts, bounds)
    real = SendingReplay(redis, actors) if isinstance(actors, SendingActors) else Replay(redis, actors)
    for number in range(1, len(walk)):
        (_, before), (step, after) = walk[number - 1], walk[number]
        trace = "\n".join(f"{place:>3}. {passed}" for place, (passed, _) in enumerate(walk[: number + 1]))
        await real.replay_step(step, before, after)
        assert await real.read_store() == after.store, f"after\n{trace}"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(WALKS))
async def test_the_scripts_match_the_model(redis: Redis, seed: int) -> None:
    scripts, bounds, weights = CONFIGURATIONS[seed % len(CONFIGURATIONS)]
    await replay(redis, scripts, bounds, walk(scripts, bounds, weights, seed))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(CONTACT_WALKS))
async def test_the_scripts_match_the_model_of_contacts(redis: Redis, seed: int) -> None:
    scripts, bounds, weights = CONTACTS[seed % len(CONTACTS)]
    await replay(redis, scripts, bounds, walk(scripts, bounds, weights, seed))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SENDING_WALKS if FULL else 12))
async def test_the_scripts_match_the_model_of_sending(redis: Redis, seed: int) -> None:
    scripts, bounds, weights = SENDING[seed % len(SENDING)]
    await replay(redis, scripts, bounds, walk(scripts, bounds, weights, seed))


def test_the_walks_of_sending_cover_every_kind_of_step() -> None:
    walks = [walk(*SENDING[seed % len(SENDING)], seed) for seed in range(SENDING_WALKS)]
    taken = {step.name for walked in walks for step, _ in walked}

    assert taken >= {"schedule", "cancel", "take_scheduled", "release_scheduled", "settle_scheduled", "defer"}
    assert taken >= {"start", "pause", "resume", "stop", "take_right", "queue_row", "record_row", "opt_out"}
    assert taken >= {"window_closes", "hold", "right_runs_out", "schedule_comes"}


def test_the_walks_of_contacts_cover_every_kind_of_step() -> None:
    walks = [walk(*CONTACTS[seed % len(CONTACTS)], seed) for seed in range(CONTACT_WALKS)]
    steps = [(step, before) for each in walks for (_, before), (step, _) in pairwise(each)]

    assert {step.name for step, _ in steps} >= {"participant", "move", "take_over", "die", "refuse"}
    assert any(step.name == "accept" and before.store.transferred for step, before in steps)
    assert any(step.name == "take_over" and before.store.ours for step, before in steps)
    assert any(step.name == "move" and before.store.out for step, before in steps)


@pytest.mark.long
def test_the_walks_cover_every_kind_of_step() -> None:
    walks = [walk(*CONFIGURATIONS[seed % len(CONFIGURATIONS)], seed) for seed in range(WALKS)]
    taken = {step.name for walked in walks for step, _ in walked}
    released = {
        worker.activity
        for walked in walks
        for step, world in walked
        for number, worker in enumerate(world.workers, start=1)
        if step[:2] == ("release", f"worker {number}")
    }

    assert taken >= {"accept", "take_over", "take", "claim", "look", "commit", "mark", "sent", "refuse"}
    assert taken >= {"postpone", "pass_on", "release", "renew", "sweep", "crash", "give_up", "look_up"}
    assert taken >= {"say", "erase", "replicate", "fail_over", "survived"}
    assert taken >= {"quiet_passes", "timer_runs_out", "fire", "slot_comes", "pace_passes"}
    assert released == {"idle", "look"}


@pytest.mark.long
@pytest.mark.parametrize("scripts", [WithoutFences(), UncheckedUnlock(), PoppedBeforeProcessing()])
async def test_a_model_that_differs_from_the_scripts_is_detected(redis: Redis, scripts: ScriptModel) -> None:
    for seed in range(WALKS):
        _, bounds, weights = CONFIGURATIONS[seed % 2]
        await redis.flushall()
        try:
            await replay(redis, scripts, bounds, walk(scripts, bounds, weights, seed))
        except AssertionError:
            return
    pytest.fail("no walk showed the difference")
