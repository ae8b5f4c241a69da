"""Actors of the model: web processes, workers, a sweeper, a provider and the clock.

Between any two steps of a worker others may act, the lease may expire, and the process may die; a dead
process loses its memory and another starts in its place.
"""

from __future__ import annotations

from tests.protocol.model import Store
from tests.protocol.worker_steps import IDLE_WORKER, NextSteps, WorkerSteps
from tests.protocol.world import Delivery, Snapshot, Step, World


class Actors(WorkerSteps):
    """All steps that may happen in a world."""

    def initial_world(self) -> World:
        """Return the world before any step."""
        copies = tuple(Delivery(turn) for turn in (*self.bounds.turns, *self.bounds.duplicates))
        return World(Store(), copies, (IDLE_WORKER,) * self.bounds.workers)

    def next_steps(self, world: World) -> NextSteps:
        """Yield all next steps.

        The first is the fair one: all processes live, time passes only when none can act.
        """
        yield from self.progress_steps(world)
        yield from self.clock_steps(world)
        yield from self.failure_steps(world)

    def progress_steps(self, world: World) -> NextSteps:
        """Yield the steps of living processes."""
        for index, delivery in enumerate(world.deliveries):
            yield from self.web_steps(world, index, delivery)
        for index, worker in enumerate(world.workers):
            yield from self.worker_steps(world, index, worker)
        if world.store.due == "past":
            store, _ = self.scripts.sweep(world.store)
            yield Step("sweep", "sweeper"), world._replace(store=store)

    def clock_steps(self, world: World) -> NextSteps:
        """Yield the steps of the clock; each time passes separately, so that every order of them is explored.

        Where nothing else happens, the due time passes last: it is set to the time that is waited for.
        """
        store = world.store
        if store.lease == "later" and (
            self.bounds.pauses or not any(each.has_newest_fence for each in world.workers)
        ):
            yield Step("lease_runs_out", "clock"), world._replace(store=store._replace(lease="past"))
        if store.quiet == "later":
            yield Step("quiet_passes", "clock"), world._replace(store=store._replace(quiet="past"))
        if store.pace == "later":
            yield Step("pace_passes", "clock"), world._replace(store=store._replace(pace=None))
        if store.slot == "later":
            yield Step("slot_comes", "clock"), world._replace(store=store._replace(slot="past"))
        if store.timer == "later":
            yield Step("timer_runs_out", "clock"), world._replace(store=store._replace(timer="past"))
        if store.hold == "later":
            yield Step("hold_passes", "clock"), world._replace(store=store._replace(hold="past"))
        if store.due == "later":
            yield Step("due_comes", "clock"), world._replace(store=store._replace(due="past"))

    def failure_steps(self, world: World) -> NextSteps:
        """Yield crashes, and the steps that agents and operators may take at any time."""
        yield from self._outside_steps(world)
        yield from self._server_steps(world)
        if self.bounds.take_over and "take_over" not in world.store.seen | world.store.refused:
            store, result = self.scripts.control(world.store, "take_over", "human", self.bounds.transfer)
            timer = world.timer_turn if result == "stale" else ""
            yield Step("take_over", "an agent"), world._replace(store=store, timer_turn=timer)
        if not self.bounds.crashes:
            return
        yield from self._crash_steps(world)

    def _outside_steps(self, world: World) -> NextSteps:
        """Yield an agent's and the business's messages, and the erasure."""
        if not world.accepted:
            return
        for name in (*self.bounds.words, *self.bounds.proactive):
            store, is_new = self.scripts.say(world.store, name, self.voice_of(name))
            if is_new and name not in world.sent:
                said = world._replace(store=store, replies=(*world.replies, name))
                timer = "" if name in self.bounds.words else world.timer_turn
                yield Step("say", "an agent", name), said._replace(timer_turn=timer)
        if self.bounds.participant and "participant" not in world.store.seen | world.store.refused:
            store = self.scripts.participant(world.store, "participant")
            yield Step("participant", "a third person"), world._replace(store=store)
        if self.bounds.moves and "move" not in world.store.seen | world.store.refused:
            yield Step("move", "the contact"), world._replace(store=self.scripts.move(world.store, "move"))
        if self.bounds.erase and not world.went_back:
            nothing = Snapshot(self.scripts.erase(world.store), (), (), (), "")
            yield Step("erase", "an operator"), self._go_back(world, nothing)._replace(sent=())

    def _server_steps(self, world: World) -> NextSteps:
        """Yield the failover to a replica that has fallen behind."""
        if not self.bounds.failover or world.went_back:
            return
        if world.replica is None:
            kept = Snapshot(world.store, world.accepted, world.committed, world.replies, world.timer_turn)
            yield Step("replicate", "the server"), world._replace(replica=kept)
        else:
            yield Step("fail_over", "the server"), self._go_back(world, world.replica)

    def _go_back(self, world: World, to: Snapshot) -> World:
        """Set the store back; processes keep their memory, and believe in their leases."""
        deliveries = tuple(
            each if each.stage == "waiting" or each.turn in to.accepted else each._replace(stage="lost")
            for each in world.deliveries
        )
        workers = tuple(
            each._replace(has_newest_fence=each.fence == to.store.fence) for each in world.workers
        )
        went_back = world._replace(deliveries=deliveries, workers=workers, replica=None, went_back=True)
        return went_back._replace(**to._asdict())

    def _crash_steps(self, world: World) -> NextSteps:
        for index, delivery in enumerate(world.deliveries):
            if delivery.stage in ("marked", "recorded"):
                yield (
                    Step("crash", f"web {index + 1}", delivery.turn),
                    self._with_delivery_stage(world, index, "waiting"),
                )
        for index, worker in enumerate(world.workers):
            if worker.activity != "idle":
                yield Step("crash", f"worker {index + 1}"), self._with_worker(world, index, IDLE_WORKER)

    def web_steps(self, world: World, index: int, delivery: Delivery) -> NextSteps:
        """Record a delivery, then acknowledge it; a delivery without an acknowledgement is repeated."""
        who = f"web {index + 1}"
        if delivery.stage == "waiting":
            heals = delivery.turn in self.bounds.heals
            store, verdict = self.scripts.accept(world.store, delivery.turn, heals)
            if verdict == "full":
                return
            if verdict == "new":
                world = world._replace(accepted=(*world.accepted, delivery.turn), timer_turn="")
            stage = "lost" if delivery.turn in store.refused else "recorded"  # it was erased
            world = self._with_delivery_stage(world._replace(store=store), index, stage)
            yield Step("accept", who, delivery.turn), world
        elif delivery.stage == "recorded":
            yield (
                Step("acknowledge", who, delivery.turn),
                self._with_delivery_stage(world, index, "acknowledged"),
            )

    def _with_delivery_stage(self, world: World, index: int, at: str) -> World:
        deliveries = list(world.deliveries)
        deliveries[index] = deliveries[index]._replace(stage=at)
        return world._replace(deliveries=tuple(deliveries))
