"""Steps of a worker in the model; they follow core/processing/session_processor.py."""

from __future__ import annotations

from collections.abc import Iterator

from tests.protocol.model import MarkResult, ModelView, ScriptModel, Store
from tests.protocol.world import Step, Worker, World, WorldLimits

NextSteps = Iterator[tuple[Step, World]]
IDLE_WORKER = Worker()


class WorkerSteps:
    """All steps of the workers of a world."""

    def __init__(self, scripts: ScriptModel, bounds: WorldLimits) -> None:
        self.scripts = scripts
        self.bounds = bounds

    def voice_of(self, reply: str) -> str:
        """Return the author of a reply."""
        return "person" if reply in self.bounds.words else "bot"

    def worker_steps(self, world: World, index: int, worker: Worker) -> NextSteps:
        """Yield the next steps of core/processing/session_processor.py, with every possible outcome."""
        store, who, view = world.store, f"worker {index + 1}", worker.view
        lost = self._lost(worker)
        if worker.activity == "idle":
            if store.queue:
                dequeued = world._replace(store=store._replace(queue=store.queue[1:]))
                yield Step("take", who), self._with_worker(dequeued, index, Worker("took"))
            return
        if worker.activity == "took":
            yield Step("claim", who), self._claim(world, index, world.claims + 1)
            if self.bounds.lost_answers:
                yield Step("answer_lost", who), self._lose_answer(world, index)
            return
        if worker.activity == "unanswered":
            yield Step("claim_again", who), self._claim(world, index, worker.fence[1])
            return
        if worker.activity == "lost":
            reported = world._replace(store=self.scripts.survived(store, worker.fence))
            yield Step("survived", who), self._with_worker(reported, index, IDLE_WORKER)
            return
        assert view is not None
        if worker.activity == "look":
            after, view_after = self.scripts.look(store, worker.fence)
            yield (
                Step("look", who),
                self._with_script_result(world, index, after, self._with_view(worker, view_after)),
            )
        elif worker.activity == "settle":
            after, done = self.scripts.sent(store, worker.fence, view.out[0])
            if done:
                after, view_after = self.scripts.look(after, worker.fence)
            after, next_ = self._release_if_done(after, worker, view_after if done else None)
            yield Step("sent", who, view.out[0]), self._with_script_result(world, index, after, next_)
        elif worker.activity == "refuse":
            yield self._refuse(world, index, worker, view)
        elif worker.activity.startswith("postpone"):
            reason = worker.activity[9:]
            after, done = self.scripts.postpone(
                store,
                worker.fence,
                reason != "unsettled",
                reason not in ("paced", "failed"),
                reason == "failed",
            )
            next_ = IDLE_WORKER if done else lost
            yield Step("postpone", who, reason), self._with_script_result(world, index, after, next_)
        elif worker.activity == "send":
            yield from self._send_steps(world, index, worker, view)
        elif view.out:
            yield from self._delivery_steps(world, index, worker, view)
        elif view.turns:
            yield from self._answer_steps(world, index, worker, view)
        elif view.fired:
            yield from self._timer_steps(world, index, worker, view)
        else:
            after, done = self.scripts.release(store, worker.fence)
            next_ = {None: lost, True: IDLE_WORKER, False: worker._replace(activity="look")}[done]
            yield Step("release", who), self._with_script_result(world, index, after, next_)
        renewed, is_renewed = self.scripts.renew(store, worker.fence)
        if not is_renewed:
            yield Step("renew", who, "lost"), self._with_worker(world, index, lost)
        elif renewed != store:
            yield Step("renew", who), self._with_script_result(world, index, renewed, worker)

    def _refuse(self, world: World, index: int, worker: Worker, view: ModelView) -> tuple[Step, World]:
        """Give the first reply up."""
        after, done = self.scripts.refuse(world.store, worker.fence, view.out[0])
        next_ = worker._replace(activity="look") if done else self._lost(worker)
        step = Step("refuse", f"worker {index + 1}", view.out[0])
        return step, self._with_script_result(world, index, after, next_)

    def _die(self, world: World, index: int, what: str) -> tuple[Step, World]:
        """End a worker's process, with the effects of its current step."""
        return Step("die", f"worker {index + 1}", what), self._with_worker(world, index, IDLE_WORKER)

    def _lose_answer(self, world: World, index: int) -> World:
        """Run a claim whose response is lost; the worker only has its nonce."""
        nonce = world.claims + 1
        claimed = self._claim(world, index, nonce)
        workers = list(claimed.workers)
        workers[index] = Worker("unanswered", (0, nonce))
        return claimed._replace(workers=tuple(workers), fault=world.fault)

    def _claim(self, world: World, index: int, nonce: int) -> World:
        world = world._replace(claims=max(world.claims, nonce))
        store, claim = self.scripts.claim(world.store, nonce)
        if claim is None:
            return self._with_worker(world._replace(store=store), index, IDLE_WORKER)
        workers = [each._replace(has_newest_fence=False) for each in world.workers]
        workers[index] = Worker("work", claim[0], claim[1], has_newest_fence=True)
        fault = (
            "L11: a burst was taken before its end" if self._may_burst_grow(world, claim[1]) else world.fault
        )
        return world._replace(store=store, workers=tuple(workers), fault=fault)

    def _may_burst_grow(self, world: World, view: ModelView) -> bool:
        return bool(view.turns) and world.store.quiet == "later"

    def _answer_steps(self, world: World, index: int, worker: Worker, view: ModelView) -> NextSteps:
        who, turns, turn = f"worker {index + 1}", view.turns, view.turns[0]
        has_failed = self.bounds.tries and view.tries >= self.bounds.tries
        dead = turn if has_failed or (self.bounds.deaths and view.deaths >= self.bounds.deaths) else ""
        if turn in self.bounds.deadly and not dead:
            yield self._die(world, index, turn)
            return
        replies = tuple(f"{turn}.{part}" for part in range(1, self.bounds.parts + 1))
        if view.owner != "bot":
            replies = ()
        timer = turns[-1] in self.bounds.timers
        store, view_after = self.scripts.commit(
            world.store, worker.fence, (*view.state, *turns), replies, dead, turns, timer
        )
        store, next_ = self._release_if_done(store, worker, view_after)
        if view_after is not None and replies and not dead:  # the first reply is marked in the same step
            store, allowed = self.scripts.mark(store, worker.fence, replies[0])
            if allowed is True:
                next_ = next_._replace(activity="send")
            elif not allowed:
                left = tuple(each for each in view_after.out if each != replies[0])
                next_ = next_._replace(view=view_after._replace(out=left))
        after = self._with_script_result(world, index, store, next_)
        if view_after is not None:
            after = after._replace(
                committed=(*world.committed, *turns),
                replies=(*world.replies, *replies),
                timer_turn=turns[-1] if timer else "",
            )
        yield Step("commit", who, turn), self._check_permit(after, world, index)
        if self.bounds.dialog_failures and not dead:
            yield (
                Step("dialog_fails", who, turn),
                self._with_worker(world, index, worker._replace(activity="postpone failed")),
            )
        if self.bounds.pass_on:
            store, done = self.scripts.pass_on(world.store, worker.fence)
            next_ = IDLE_WORKER if done else self._lost(worker)
            yield Step("pass_on", who), self._with_script_result(world, index, store, next_)

    def _timer_steps(self, world: World, index: int, worker: Worker, view: ModelView) -> NextSteps:
        who, replies = f"worker {index + 1}", (f"{view.state[-1]}.late",) if view.owner == "bot" else ()
        store, view_after = self.scripts.fire(world.store, worker.fence, replies)
        store, next_ = self._release_if_done(store, worker, view_after)
        after = self._with_script_result(world, index, store, next_)
        if view_after is not None and len(store.out) > len(world.store.out):
            after = after._replace(replies=(*world.replies, *replies), timer_turn="")
            if not world.timer_turn:
                after = after._replace(fault="a cancelled timer was answered")
        yield Step("fire", who, view.state[-1]), after

    def _delivery_steps(self, world: World, index: int, worker: Worker, view: ModelView) -> NextSteps:
        who, reply = f"worker {index + 1}", view.out[0]
        if self.bounds.deaths and view.deaths >= self.bounds.deaths:
            yield self._refuse(world, index, worker, view)
            return
        if view.marked == reply and self.bounds.look_up and worker.activity != "not found":
            if reply in self.bounds.deadly:
                yield self._die(world, index, reply)
                return
            is_found = reply in world.sent
            next_ = worker._replace(activity="settle" if is_found else "not found")
            step = Step("look_up", who, f"{reply} {'found' if is_found else 'not found'}")
            yield step, self._with_worker(world, index, next_)
            if self.bounds.send_failures:
                fails = worker._replace(activity="postpone unsettled")
                yield Step("look_up_fails", who, reply), self._with_worker(world, index, fails)
            return
        voice = self.voice_of(reply)
        store, allowed = self.scripts.mark(world.store, worker.fence, reply, voice, view.moved)
        next_by_result: dict[MarkResult, Worker] = {
            None: self._lost(worker),
            True: worker._replace(activity="send"),
            False: worker._replace(activity="look"),
            "not next": worker._replace(activity="look"),
            "wait": worker._replace(activity="postpone paced"),
            "window": worker._replace(activity="hold" if self.bounds.waits else "refuse"),
        }
        after = self._with_script_result(world, index, store, next_by_result[allowed])
        yield Step("mark", who, reply), self._check_permit(after, world, index)

    def _check_permit(self, after: World, before: World, index: int) -> World:
        """Check that a permitted reply neither interrupts an agent nor exceeds the rate limit."""
        paced = self.scripts.limits_rate and before.store.pace == "later" and before.store.slot != "past"
        if after.workers[index].activity == "send" and paced:
            return after._replace(fault=f"{after.store.out[0]} may be sent before its rate limit slot")
        if after.workers[index].activity == "send" and after.store.marked_moved != before.store.moved:
            return after._replace(fault=f"{after.store.marked} may be sent to an address that was given up")
        marked = after.store.marked or ""
        is_bot = self.voice_of(marked) == "bot"
        if after.workers[index].activity == "send" and before.store.owner == "human" and is_bot:
            return after._replace(fault=f"L10: {marked} may be sent under an agent")
        return after

    def _send_steps(self, world: World, index: int, worker: Worker, view: ModelView) -> NextSteps:
        who, reply = f"worker {index + 1}", view.out[0]
        lost = not worker.has_newest_fence or world.store.lease != "later"
        if lost and self.bounds.trusted_clock:
            yield Step("give_up", who, reply), self._with_worker(world, index, self._lost(worker))
            return
        if reply in self.bounds.deadly:
            yield self._die(world, index, reply)
            return
        # Three copies violate as much as two: more are not distinguished, so the state space stays finite.
        dequeued = world.sent if world.sent[-2:] == (reply, reply) else (*world.sent, reply)
        took = world._replace(sent=dequeued)
        if not worker.has_newest_fence:
            took = took._replace(fault=f"L5: {reply} was sent by a worker without the lease")
        yield Step("send", who, reply), self._with_worker(took, index, worker._replace(activity="settle"))
        unsettled = worker._replace(activity="postpone unsettled")
        for failure in self.bounds.send_failures:
            step = Step(f"send_{failure}", who, reply)
            if failure == "timed_out":
                yield step, self._with_worker(took, index, unsettled)
            elif failure == "unavailable":
                settled = worker._replace(activity="postpone")
                yield step, self._with_worker(world, index, unsettled if view.marked == reply else settled)
            else:
                yield step, self._with_worker(world, index, worker._replace(activity="refuse"))

    def _with_view(self, worker: Worker, view: ModelView | None) -> Worker:
        return self._lost(worker) if view is None else worker._replace(activity="work", view=view)

    def _release_if_done(self, store: Store, worker: Worker, view: ModelView | None) -> tuple[Store, Worker]:
        if not self.bounds.leave or view is None or view.turns or view.out or view.fired:
            return store, self._with_view(worker, view)
        store, released = self.scripts.release(store, worker.fence)
        return store, IDLE_WORKER if released else self._with_view(worker, view)

    def _with_worker(self, world: World, index: int, worker: Worker) -> World:
        workers = list(world.workers)
        workers[index] = worker
        return world._replace(workers=tuple(workers))

    def _with_script_result(self, world: World, index: int, store: Store, worker: Worker) -> World:
        """Apply a script's result; a worker that lost the lease must have left the store unchanged."""
        lost = not world.workers[index].has_newest_fence or world.store.lease != "later"
        after = self._with_worker(world._replace(store=store), index, worker)
        if lost and store != world.store:
            return after._replace(fault=f"L5: worker {index + 1} wrote without the lease")
        view_after = worker.view if worker.activity == "work" else None
        if (
            view_after is not None
            and view_after is not world.workers[index].view
            and self._may_burst_grow(world, view_after)
        ):
            return after._replace(fault="L11: a burst was taken before its end")
        return after

    def _lost(self, worker: Worker) -> Worker:
        """Return a worker that has learned that its lease is lost, and has still to report it.

        Where no turn is given up for deaths, the report changes nothing.
        """
        return Worker("lost", worker.fence) if self.bounds.deaths else IDLE_WORKER
