"""Who takes the model's steps: web processes, workers, a sweeper, a provider and the clock.

A worker's steps follow core/processing/session_processor.py. Between any two of them others may act, the
lease may run out, and the process may die; a dead process forgets what it knew and another starts in its
place.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.protocol.model import Allowed, Scripts, Store, View
from tests.protocol.world import Bounds, Delivery, Step, Worker, World

Next = Iterator[tuple[Step, World]]
IDLE = Worker()


class Actors:
    """Every step that somebody may take in a world."""

    def __init__(self, scripts: Scripts, bounds: Bounds) -> None:
        self.scripts = scripts
        self.bounds = bounds

    def begin(self) -> World:
        """Nothing has happened yet."""
        copies = tuple(Delivery(turn) for turn in (*self.bounds.turns, *self.bounds.duplicates))
        return World(Store(), copies, (IDLE,) * self.bounds.workers)

    def steps(self, world: World) -> Next:
        """All next steps. The first is what happens when all live, time passes only while nobody can act."""
        yield from self.progress(world)
        yield from self.time(world)
        yield from self.mishaps(world)

    def progress(self, world: World) -> Next:
        """What living processes do."""
        for index, delivery in enumerate(world.deliveries):
            yield from self.web(world, index, delivery)
        for index, worker in enumerate(world.workers):
            yield from self.worker(world, index, worker)
        if world.store.due == "past":
            store, _ = self.scripts.sweep(world.store)
            yield Step("sweep", "sweeper"), world._replace(store=store)

    def time(self, world: World) -> Next:
        """What the clock does; each moment passes on its own, so every order of them is met.

        Where nothing else happens, the due time comes last: it is set to the moment that is waited for.
        """
        store = world.store
        if store.lease == "later" and (self.bounds.pauses or not any(each.newest for each in world.workers)):
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

    def mishaps(self, world: World) -> Next:
        """Crashes, and a person who takes over."""
        if self.bounds.take_over and "take_over" not in world.store.seen:
            store, _ = self.scripts.control(world.store, "take_over", "human")
            yield Step("take_over", "a person"), world._replace(store=store, timed="")
        if not self.bounds.crashes:
            return
        for index, delivery in enumerate(world.deliveries):
            if delivery.at in ("marked", "recorded"):
                yield Step("crash", f"web {index + 1}", delivery.turn), self._at(world, index, "waiting")
        for index, worker in enumerate(world.workers):
            if worker.doing != "idle":
                yield Step("crash", f"worker {index + 1}"), self._now(world, index, IDLE)

    # The web side.

    def web(self, world: World, index: int, delivery: Delivery) -> Next:
        """Record a delivery, then acknowledge it; what was not acknowledged comes again."""
        who = f"web {index + 1}"
        if delivery.at == "waiting":
            store, verdict = self.scripts.accept(world.store, delivery.turn)
            if verdict == "full":
                return
            if verdict == "new":
                world = world._replace(accepted=(*world.accepted, delivery.turn), timed="")
            world = self._at(world._replace(store=store), index, "recorded")
            yield Step("accept", who, delivery.turn), world
        elif delivery.at == "recorded":
            yield Step("acknowledge", who, delivery.turn), self._at(world, index, "acknowledged")

    def _at(self, world: World, index: int, at: str) -> World:
        deliveries = list(world.deliveries)
        deliveries[index] = deliveries[index]._replace(at=at)
        return world._replace(deliveries=tuple(deliveries))

    # The worker side.

    def worker(self, world: World, index: int, worker: Worker) -> Next:
        """What core/processing/session_processor.py does next, and all that this may come to."""
        store, who, view = world.store, f"worker {index + 1}", worker.view
        if worker.doing == "idle":
            if store.queue:
                taken = world._replace(store=store._replace(queue=store.queue[1:]))
                yield Step("take", who), self._now(taken, index, Worker("took"))
            return
        if worker.doing == "took":
            yield Step("claim", who), self._claimed(world, index)
            return
        assert view is not None
        if worker.doing == "look":
            after, seen = self.scripts.look(store, worker.fence)
            yield Step("look", who), self._wrote(world, index, after, self._seeing(worker, seen))
        elif worker.doing == "settle":
            after, done = self.scripts.sent(store, worker.fence)
            if done:
                after, seen = self.scripts.look(after, worker.fence)
            after, next_ = self._left(after, worker, seen if done else None)
            yield Step("sent", who, view.out[0]), self._wrote(world, index, after, next_)
        elif worker.doing == "refuse":
            after, done = self.scripts.refuse(store, worker.fence)
            next_ = worker._replace(doing="look") if done else IDLE
            yield Step("refuse", who, view.out[0]), self._wrote(world, index, after, next_)
        elif worker.doing.startswith("postpone"):
            why = worker.doing[9:]
            after, done = self.scripts.postpone(store, worker.fence, why != "unsettled", why != "paced")
            yield Step("postpone", who, why), self._wrote(world, index, after, IDLE)
        elif worker.doing == "send":
            yield from self._send(world, index, worker, view)
        elif view.out:
            yield from self._deliver(world, index, worker, view)
        elif view.turns:
            yield from self._answer(world, index, worker, view)
        elif view.fired:
            yield from self._fire(world, index, worker, view)
        else:
            after, done = self.scripts.release(store, worker.fence)
            next_ = worker._replace(doing="look") if done is False else IDLE
            yield Step("release", who), self._wrote(world, index, after, next_)
        renewed, kept = self.scripts.renew(store, worker.fence)
        if not kept:
            yield Step("renew", who, "lost"), self._now(world, index, IDLE)
        elif renewed != store:
            yield Step("renew", who), self._wrote(world, index, renewed, worker)

    def _claimed(self, world: World, index: int) -> World:
        store, claim = self.scripts.claim(world.store)
        if claim is None:
            return self._now(world, index, IDLE)
        workers = [each._replace(newest=False) for each in world.workers]
        workers[index] = Worker("work", claim[0], claim[1], newest=True)
        fault = "L11: a burst was taken that may still grow" if self._grows(world, claim[1]) else world.fault
        return world._replace(store=store, workers=tuple(workers), fault=fault)

    def _grows(self, world: World, view: View) -> bool:
        return bool(view.turns) and world.store.quiet == "later"

    def _answer(self, world: World, index: int, worker: Worker, view: View) -> Next:
        who, turns, turn = f"worker {index + 1}", view.turns, view.turns[0]
        dead = turn if self.bounds.tries and view.tries > self.bounds.tries else ""
        replies = tuple(f"{turn}.{part}" for part in range(1, self.bounds.parts + 1))
        if view.owner != "bot":
            replies = ()
        timer = turns[-1] in self.bounds.timers
        store, seen = self.scripts.commit(
            world.store, worker.fence, (*view.state, *turns), replies, dead, len(turns), timer
        )
        store, next_ = self._left(store, worker, seen)
        if seen is not None and replies and not dead:  # the first reply is marked in the same step
            store, allowed = self.scripts.mark(store, worker.fence, replies[0])
            if allowed is True:
                next_ = next_._replace(doing="send")
            elif not allowed:
                next_ = next_._replace(view=seen._replace(out=seen.out[1:]))
        after = self._wrote(world, index, store, next_)
        if seen is not None:
            after = after._replace(
                committed=(*world.committed, *turns),
                said=(*world.said, *replies),
                timed=turns[-1] if timer else "",
            )
        yield Step("commit", who, turn), self._judged(after, world, index)
        if self.bounds.dialog_failures and not dead:
            yield Step("dialog_fails", who, turn), self._now(world, index, worker._replace(doing="postpone"))
        if self.bounds.pass_on:
            store, _ = self.scripts.pass_on(world.store, worker.fence)
            yield Step("pass_on", who), self._wrote(world, index, store, IDLE)

    def _fire(self, world: World, index: int, worker: Worker, view: View) -> Next:
        who, replies = f"worker {index + 1}", (f"{view.state[-1]}.late",) if view.owner == "bot" else ()
        store, seen = self.scripts.fire(world.store, worker.fence, replies)
        store, next_ = self._left(store, worker, seen)
        after = self._wrote(world, index, store, next_)
        if seen is not None and len(store.out) > len(world.store.out):
            after = after._replace(said=(*world.said, *replies), timed="")
            if not world.timed:
                after = after._replace(fault="a timer was answered that nobody waited for")
        yield Step("fire", who, view.state[-1]), after

    def _deliver(self, world: World, index: int, worker: Worker, view: View) -> Next:
        who, reply = f"worker {index + 1}", view.out[0]
        if view.marked == reply and self.bounds.look_up and worker.doing != "not found":
            found = reply in world.taken
            next_ = worker._replace(doing="settle" if found else "not found")
            step = Step("look_up", who, f"{reply} {'found' if found else 'not found'}")
            yield step, self._now(world, index, next_)
            if self.bounds.send_failures:
                fails = worker._replace(doing="postpone unsettled")
                yield Step("look_up_fails", who, reply), self._now(world, index, fails)
            return
        store, allowed = self.scripts.mark(world.store, worker.fence, reply)
        then: dict[Allowed, Worker] = {
            None: IDLE,
            True: worker._replace(doing="send"),
            False: worker._replace(doing="look"),
            "wait": worker._replace(doing="postpone paced"),
        }
        after = self._wrote(world, index, store, then[allowed])
        yield Step("mark", who, reply), self._judged(after, world, index)

    def _judged(self, after: World, before: World, index: int) -> World:
        """A reply that was just allowed to leave must not talk over a person, nor come before its time."""
        paced = self.scripts.paced and before.store.pace == "later" and before.store.slot != "past"
        if after.workers[index].doing == "send" and paced:
            return after._replace(fault=f"{after.store.out[0]} may leave before the provider takes it")
        if after.workers[index].doing == "send" and before.store.owner == "human":
            return after._replace(fault=f"L10: {after.store.out[0]} may leave while a person speaks")
        return after

    def _send(self, world: World, index: int, worker: Worker, view: View) -> Next:
        who, reply = f"worker {index + 1}", view.out[0]
        lost = not worker.newest or world.store.lease != "later"
        if lost and self.bounds.trusted_clock:
            yield Step("give_up", who, reply), self._now(world, index, IDLE)
            return
        # Three copies are as wrong as two, so more are not told apart and the world stays finite.
        taken = world.taken if world.taken[-2:] == (reply, reply) else (*world.taken, reply)
        took = world._replace(taken=taken)
        if not worker.newest:
            took = took._replace(fault=f"L5: {reply} was sent by a worker that had lost the session")
        yield Step("send", who, reply), self._now(took, index, worker._replace(doing="settle"))
        unsettled = worker._replace(doing="postpone unsettled")
        for failure in self.bounds.send_failures:
            step = Step(f"send_{failure}", who, reply)
            if failure == "timed_out":
                yield step, self._now(took, index, unsettled)
            elif failure == "unavailable":
                settled = worker._replace(doing="postpone")
                yield step, self._now(world, index, unsettled if view.marked == reply else settled)
            else:
                yield step, self._now(world, index, worker._replace(doing="refuse"))

    def _seeing(self, worker: Worker, view: View | None) -> Worker:
        return IDLE if view is None else worker._replace(doing="work", view=view)

    def _left(self, store: Store, worker: Worker, view: View | None) -> tuple[Store, Worker]:
        """Who sees nothing more to do gives the lease back in the same step."""
        if not self.bounds.leave or view is None or view.turns or view.out or view.fired:
            return store, self._seeing(worker, view)
        store, released = self.scripts.release(store, worker.fence)
        return store, IDLE if released else self._seeing(worker, view)

    def _now(self, world: World, index: int, worker: Worker) -> World:
        workers = list(world.workers)
        workers[index] = worker
        return world._replace(workers=tuple(workers))

    def _wrote(self, world: World, index: int, store: Store, worker: Worker) -> World:
        """A script ran: whoever lost the lease must have left the store as it was."""
        lost = not world.workers[index].newest or world.store.lease != "later"
        after = self._now(world._replace(store=store), index, worker)
        if lost and store != world.store:
            return after._replace(fault=f"L5: worker {index + 1} wrote after its lease was lost")
        seen = worker.view if worker.doing == "work" else None
        if seen is not None and seen is not world.workers[index].view and self._grows(world, seen):
            return after._replace(fault="L11: a burst was taken that may still grow")
        return after
