"""Actors of the model of proactive messages: releasers of the schedule, feeders of broadcasts, operators."""

from __future__ import annotations

from tests.protocol.actors import Actors
from tests.protocol.model import Store
from tests.protocol.sending.model import BROADCAST_KEY, SendingModel
from tests.protocol.worker_steps import NextSteps
from tests.protocol.world import Delivery, Sender, Step, Worker, World, WorldLimits

IDLE = Sender()


class SendingActors(Actors):
    """All steps that may happen in a world with a schedule, a broadcast, or a service window.

    The steps of a releaser follow gateway/redis/sending/schedule_releaser.py, those of a feeder
    gateway/broadcasts/feeder.py; each may be repeated by a second process that began later.
    """

    scripts: SendingModel

    def __init__(self, scripts: SendingModel, bounds: WorldLimits) -> None:
        super().__init__(scripts, bounds)

    def initial_world(self) -> World:
        """Return the world before any step."""
        releasers = (IDLE,) * (self.bounds.senders if self.bounds.scheduled else 0)
        feeders = (IDLE,) * (self.bounds.senders if self.bounds.rows else 0)
        return super().initial_world()._replace(releasers=releasers, feeders=feeders)

    def progress_steps(self, world: World) -> NextSteps:
        """Yield the steps of living processes."""
        yield from super().progress_steps(world)
        for index, releaser in enumerate(world.releasers):
            yield from self._releaser_steps(world, index, releaser)
        for index, feeder in enumerate(world.feeders):
            yield from self._feeder_steps(world, index, feeder)
        broadcast = world.store.broadcast
        if broadcast and broadcast.state == "paused":
            resumed = self.scripts.change_broadcast(world.store, "paused", "running")
            yield Step("resume", "an operator"), world._replace(store=resumed)

    def clock_steps(self, world: World) -> NextSteps:
        """Yield the steps of the clock."""
        store, broadcast = world.store, world.store.broadcast
        for record in store.scheduled:
            if record.due == "later":
                due = tuple(
                    each._replace(due="past") if each.key == record.key else each for each in store.scheduled
                )
                yield (
                    Step("schedule_comes", "clock", record.key),
                    world._replace(store=store._replace(scheduled=due)),
                )
        if broadcast and broadcast.held == "later":
            expired = store._replace(broadcast=broadcast._replace(held="past"))
            yield Step("right_runs_out", "clock"), world._replace(store=expired)
        yield from super().clock_steps(world)
        if self.bounds.window and store.window == "later":
            yield Step("window_closes", "clock"), world._replace(store=store._replace(window="past"))

    def failure_steps(self, world: World) -> NextSteps:
        """Yield crashes, and the steps that contacts and operators may take at any time."""
        yield from super().failure_steps(world)
        yield from self._operator_steps(world)

    def _crash_steps(self, world: World) -> NextSteps:
        """Yield the deaths of senders; those of workers are explored in other worlds."""
        for kind in ("releaser", "feeder"):
            for index, sender in enumerate(_senders(world, kind)):
                if sender != IDLE:
                    yield Step("crash", f"{kind} {index + 1}"), _with_sender(world, kind, index, IDLE)

    def web_steps(self, world: World, index: int, delivery: Delivery) -> NextSteps:
        """Record a delivery; released messages are appended behind all other replies."""
        for step, after in super().web_steps(world, index, delivery):
            if step.name == "accept" and len(after.accepted) > len(world.accepted) and world.store.held:
                others = tuple(each for each in after.replies if each not in world.store.held)
                after = after._replace(replies=(*others, *world.store.held))
            yield step, after

    def worker_steps(self, world: World, index: int, worker: Worker) -> NextSteps:
        """Yield the next steps of a worker; a reply that must not be sent is set aside."""
        if worker.activity != "hold":
            yield from super().worker_steps(world, index, worker)
            return
        assert worker.view is not None
        reply = worker.view.out[0]
        after, done = self.scripts.hold(world.store, worker.fence, reply)
        next_ = self._lost(worker) if done is None else worker._replace(activity="look")
        held = self._with_script_result(world, index, after, next_)
        yield Step("hold", f"worker {index + 1}", reply), held

    def _operator_steps(self, world: World) -> NextSteps:
        if not world.accepted:
            return
        store, broadcast = world.store, world.store.broadcast
        if self.bounds.opt_out and "opt_out" not in store.seen:
            yield Step("opt_out", "the contact"), world._replace(store=self.scripts.opt_out(store, "opt_out"))
        for key in self.bounds.scheduled:
            if key not in store.seen and not self.scripts.find_scheduled(store, key):
                yield (
                    Step("schedule", "the business", key),
                    world._replace(store=self.scripts.schedule(store, key)),
                )
            cancelled, is_confirmed = self.scripts.cancel(store, key)
            if is_confirmed and key not in world.cancelled:
                yield (
                    Step("cancel", "an operator", key),
                    world._replace(store=cancelled, cancelled=(*world.cancelled, key)),
                )
        if not self.bounds.rows:
            return
        if broadcast is None:
            if not world.committed or store.out or store.due:
                return  # what comes before is explored in other worlds
            started = self.scripts.start_broadcast(store, self.bounds.rows)
            yield Step("start", "an operator"), world._replace(store=started)
            return
        if broadcast.state == "running":
            paused = self.scripts.change_broadcast(store, "running", "paused")
            yield Step("pause", "an operator"), world._replace(store=paused)
        if broadcast.state != "stopped":
            stopped = self.scripts.stop_broadcast(store)
            yield Step("stop", "an operator"), world._replace(store=stopped)

    def _releaser_steps(self, world: World, index: int, releaser: Sender) -> NextSteps:
        who, store, key = f"releaser {index + 1}", world.store, releaser.what
        if releaser.activity == "idle":
            after, key = self.scripts.take_scheduled(store)
            if key:
                taken = world._replace(store=after)
                yield (
                    Step("take_scheduled", who, key),
                    _with_sender(taken, "releaser", index, Sender("took", key)),
                )
        elif releaser.activity == "took":
            after, result = self.scripts.release_scheduled(store, key)
            said = _record_queued(world, key, result)._replace(store=after)
            yield (
                Step("release_scheduled", who, key),
                _with_sender(said, "releaser", index, Sender("said", key, result)),
            )
            deferred = world._replace(store=self.scripts.settle_scheduled(store, key, later=True))
            yield Step("defer", who, key), _with_sender(deferred, "releaser", index, IDLE)
        else:
            settled = world._replace(store=self.scripts.settle_scheduled(store, key))
            yield Step("settle_scheduled", who, key), _with_sender(settled, "releaser", index, IDLE)

    def _feeder_steps(self, world: World, index: int, feeder: Sender) -> NextSteps:
        who, store = f"feeder {index + 1}", world.store
        if feeder.activity == "idle":
            if store.broadcast and store.broadcast.state == "running":
                after, number = self.scripts.take_right(store, who)
                yield Step("take_right", who), _with_feeder(world._replace(store=after), index, number)
        elif feeder.activity == "took":
            after, result = self.scripts.queue_row(store, int(feeder.what))
            said = _record_queued(world, BROADCAST_KEY, result)._replace(store=after)
            yield (
                Step("queue_row", who, feeder.what),
                _with_sender(said, "feeder", index, feeder._replace(activity="said", result=result)),
            )
        else:
            is_queued = feeder.result in ("queued", "duplicate")
            after, number = self.scripts.record_row(store, who, int(feeder.what), is_queued)
            recorded = _with_feeder(world._replace(store=after), index, number)
            if _count_processed(after) > _count_processed(store) != int(feeder.what):
                recorded = recorded._replace(fault=f"row {feeder.what} was recorded in place of another")
            yield Step("record_row", who, feeder.what), recorded

    def _check_permit(self, after: World, before: World, index: int) -> World:
        """Check that a permitted reply obeys the contact, the window, and the operator."""
        after = super()._check_permit(after, before, index)
        store, marked = before.store, after.store.marked or ""
        if after.workers[index].activity != "send":
            return after
        if store.opted_out:
            return after._replace(fault=f"L13: {marked} may be sent to a contact who opted out")
        if self.scripts.has_window and store.window == "past":
            return after._replace(fault=f"L13: {marked} may be sent outside the service window")
        if store.broadcast and store.broadcast.state == "stopped" and marked == BROADCAST_KEY:
            return after._replace(fault="L13: a stopped broadcast may be sent")
        return after


def _senders(world: World, kind: str) -> tuple[Sender, ...]:
    return world.releasers if kind == "releaser" else world.feeders


def _with_sender(world: World, kind: str, index: int, sender: Sender) -> World:
    senders = list(_senders(world, kind))
    senders[index] = sender
    changed = tuple(senders)
    return world._replace(releasers=changed) if kind == "releaser" else world._replace(feeders=changed)


def _with_feeder(world: World, index: int, number: int | None) -> World:
    feeder = IDLE if number is None else Sender("took", str(number))
    return _with_sender(world, "feeder", index, feeder)


def _record_queued(world: World, key: str, result: str) -> World:
    """Record for the observer that a message of the business has entered the outbox."""
    return world._replace(replies=(*world.replies, key)) if result == "queued" else world


def _count_processed(store: Store) -> int:
    return store.broadcast.processed if store.broadcast else 0
