"""The laws as an observer of the whole world can judge them: each says what is wrong, or nothing."""

from __future__ import annotations

from collections.abc import Callable

from tests.protocol.world import World, WorldLimits

Law = Callable[[World], str]


def nothing_acknowledged_is_unrecorded(world: World) -> str:
    """L2: what was acknowledged waits in the mailbox or was committed."""
    for delivery in world.deliveries:
        kept = delivery.turn in world.store.mail or delivery.turn in world.committed
        if delivery.stage == "acknowledged" and not kept:
            return f"L2: {delivery.turn} was acknowledged and is nowhere"
    return ""


def nothing_enters_twice(world: World) -> str:
    """L3: however many copies are delivered, one is accepted."""
    return "" if len(set(world.accepted)) == len(world.accepted) else f"L3: accepted {world.accepted}"


def turns_end_once_and_in_order(world: World) -> str:
    """L4: what was committed is the beginning of what was accepted."""
    if world.committed == world.accepted[: len(world.committed)]:
        return ""
    return f"L4: accepted {world.accepted}, committed {world.committed}"


def only_the_holder_writes_and_speaks(world: World) -> str:
    """L5 and L10: what the actors saw in the step itself."""
    return world.fault


def a_commit_is_all_or_nothing(world: World) -> str:
    """L6: mailbox, state and replies always tell of the same commits."""
    store = world.store
    if world.committed + store.mail != world.accepted:
        return f"L6: accepted {world.accepted}, committed {world.committed}, waiting {store.mail}"
    if store.state != world.committed:
        return f"L6: the state knows {store.state}, committed {world.committed}"
    if store.out != world.replies[len(world.replies) - len(store.out) :]:
        return f"L6: the outbox holds {store.out}, said {world.replies}"
    return ""


def replies_leave_in_order_once(world: World) -> str:
    """L7, where the provider can be asked: no reply reaches it twice, or before an earlier one."""
    places = [world.replies.index(reply) for reply in world.sent]
    return (
        "" if places == sorted(set(places)) else f"L7: said {world.replies}, the provider took {world.sent}"
    )


def replies_leave_in_order(world: World) -> str:
    """L7, where the provider cannot be asked: a reply may come again, but never after a later one."""
    places = [world.replies.index(reply) for reply in world.sent]
    return "" if places == sorted(places) else f"L7: said {world.replies}, the provider took {world.sent}"


def work_has_a_due_time(world: World) -> str:
    """L8: the sweeper would find it, whatever becomes of jobs and workers."""
    store = world.store
    return "" if store.due or not (store.mail or store.out) else "L8: there is work and no due time"


def nothing_is_given_up_untried(world: World) -> str:
    """L9 in a world where no dialog fails and no process dies: there is no reason for a dead letter."""
    return f"L9: {world.store.dead[0]} was given up and nothing had failed" if world.store.dead else ""


def laws_for(bounds: WorldLimits) -> tuple[Law, ...]:
    """What must be true in every state of such a world."""
    once = replies_leave_in_order_once if bounds.look_up else replies_leave_in_order
    return (
        nothing_acknowledged_is_unrecorded,
        nothing_enters_twice,
        turns_end_once_and_in_order,
        only_the_holder_writes_and_speaks,
        a_commit_is_all_or_nothing,
        once,
        work_has_a_due_time,
    )


def all_is_answered(world: World) -> str:
    """L8 and L9 at the end: when all live and time passes, every message is answered, and nothing waits."""
    store = world.store
    if store.mail or store.out or store.due:
        return f"L8: {(*store.mail, *store.out) or 'a due time'} waits for ever"
    if missing := {each.turn for each in world.deliveries} - set(world.committed):
        return f"L8: {sorted(missing)} was never answered"
    return ""


def every_reply_arrived(world: World) -> str:
    """L7 at the end, where nothing may refuse a reply: each one reached the provider."""
    missing = [reply for reply in world.replies if reply not in world.sent]
    return f"L7: {missing} never reached the provider" if missing else ""


def end_laws_for(bounds: WorldLimits) -> tuple[Law, ...]:
    """What must be true when nothing is left to happen."""
    refusable = bounds.take_over or "rejected" in bounds.send_failures
    return (all_is_answered,) if refusable else (all_is_answered, every_reply_arrived)
