"""Guarantees, checked by an observer of the complete world: each returns the violation, or nothing."""

from __future__ import annotations

from collections.abc import Callable

from tests.protocol.world import World, WorldLimits

Guarantee = Callable[[World], str]


def acknowledged_turns_are_recorded(world: World) -> str:
    """L2: an acknowledged turn is in the mailbox or committed."""
    for delivery in world.deliveries:
        is_stored = delivery.turn in world.store.mail or delivery.turn in world.committed
        if delivery.stage == "acknowledged" and not is_stored:
            return f"L2: {delivery.turn} was acknowledged but is not stored"
    return ""


def messages_are_accepted_once(world: World) -> str:
    """L3: however often a message is delivered, it is accepted once."""
    return "" if len(set(world.accepted)) == len(world.accepted) else f"L3: accepted {world.accepted}"


def turns_are_committed_once_and_in_order(world: World) -> str:
    """L4: the committed turns are a prefix of the accepted ones."""
    if world.committed == world.accepted[: len(world.committed)]:
        return ""
    return f"L4: accepted {world.accepted}, committed {world.committed}"


def only_the_lease_holder_writes_and_sends(world: World) -> str:
    """L5 and L10: violations that the actors detected in a step."""
    return world.fault


def commits_are_atomic(world: World) -> str:
    """L6: mailbox, state and replies always reflect the same commits."""
    store = world.store
    if world.committed + store.mail != world.accepted:
        return f"L6: accepted {world.accepted}, committed {world.committed}, waiting {store.mail}"
    if store.state != world.committed:
        return f"L6: the state has {store.state}, committed {world.committed}"
    if store.out != world.replies[len(world.replies) - len(store.out) :]:
        return f"L6: the outbox has {store.out}, replied {world.replies}"
    return ""


def replies_are_sent_in_order_and_once(world: World) -> str:
    """L7, with a provider that supports look-up: no reply arrives twice, or before an earlier one.

    After an erasure or a failover the server does not know any more what was sent.
    """
    if world.went_back:
        return ""
    places = [world.replies.index(reply) for reply in world.sent]
    return "" if places == sorted(set(places)) else f"L7: replied {world.replies}, accepted {world.sent}"


def replies_are_sent_in_order(world: World) -> str:
    """L7, with a provider without look-up: a reply may arrive again, but never after a later one."""
    if world.went_back:
        return ""
    places = [world.replies.index(reply) for reply in world.sent]
    return "" if places == sorted(places) else f"L7: replied {world.replies}, accepted {world.sent}"


def work_has_a_due_time(world: World) -> str:
    """L8: a session with work has a due time for the sweeper, whatever happens to jobs and workers."""
    store = world.store
    return "" if store.due or not (store.mail or store.out) else "L8: there is work and no due time"


def cancelled_messages_stay_away(world: World) -> str:
    """L13: a scheduled message whose cancellation was confirmed never enters the outbox."""
    sent = [key for key in world.cancelled if key in world.replies]
    return f"L13: {sent[0]} was cancelled, and is sent" if sent else ""


def messages_of_the_business_are_queued_once(world: World) -> str:
    """L7: a message of the business enters the outbox once, however often it is released."""
    return "" if len(set(world.replies)) == len(world.replies) else f"L7: queued {world.replies}"


def nothing_waits_for_an_open_window(world: World) -> str:
    """L13: messages wait for the service window only while it is closed."""
    store = world.store
    return (
        f"L13: {store.held} waits though the window is open" if store.held and store.window == "later" else ""
    )


def no_turn_is_given_up_without_a_failure(world: World) -> str:
    """L9 without dialog failures and crashes: there is no reason for a dead letter."""
    return f"L9: {world.store.dead[0]} was given up without a failure" if world.store.dead else ""


def guarantees_for(bounds: WorldLimits) -> tuple[Guarantee, ...]:
    """Return the guarantees that must hold in every state of such a world."""
    once = replies_are_sent_in_order_and_once if bounds.look_up else replies_are_sent_in_order
    return (
        acknowledged_turns_are_recorded,
        messages_are_accepted_once,
        turns_are_committed_once_and_in_order,
        only_the_lease_holder_writes_and_sends,
        commits_are_atomic,
        once,
        work_has_a_due_time,
        cancelled_messages_stay_away,
        messages_of_the_business_are_queued_once,
        nothing_waits_for_an_open_window,
    )


def all_turns_are_answered(world: World) -> str:
    """L8 and L9 at the end: after a fair completion every message is answered, and nothing waits."""
    store = world.store
    if store.mail or store.out or store.due:
        return f"L8: {(*store.mail, *store.out) or 'a due time'} is never processed"
    expected = {each.turn for each in world.deliveries if each.stage != "lost"}
    if missing := expected - set(world.committed):
        return f"L8: {sorted(missing)} was never answered"
    return ""


def every_reply_arrived(world: World) -> str:
    """L7 at the end, where no reply may be rejected: each one reached the provider."""
    missing = [reply for reply in world.replies if reply not in world.sent]
    return f"L7: {missing} never reached the provider" if missing else ""


def every_word_of_an_agent_arrived(bounds: WorldLimits) -> Guarantee:
    """L7 and L10 at the end: an agent's messages reached the provider, whatever the bot did."""

    def check(world: World) -> str:
        unsent = [each for each in world.replies if each not in (*world.sent, *world.store.dead)]
        lost = [each for each in unsent if each in bounds.words]
        return f"L10: {lost} of an agent never reached the provider" if lost else ""

    return check


def every_healing_message_is_answered(bounds: WorldLimits) -> Guarantee:
    """L10 at the end: a message that says that the bot has the conversation is answered."""

    def check(world: World) -> str:
        silent = [turn for turn in bounds.heals if f"{turn}.1" not in world.replies]
        return f"L10: {silent} met a hold that had ended" if silent else ""

    return check


def permitted_messages_of_the_business_arrive(world: World) -> str:
    """L13 at the end: scheduled and broadcast messages arrived, unless they were forbidden."""
    store, broadcast = world.store, world.store.broadcast
    if pending := [each.key for each in store.scheduled if each.state != "cancelled"]:
        return f"L8: {pending} is never sent"
    if broadcast is None or broadcast.state == "stopped":
        return ""
    # a row that was queued by a feeder that died, then refused, is counted as skipped by the next one
    if broadcast.state != "finished" or broadcast.queued > broadcast.sent + broadcast.refused:
        return f"L8: the broadcast never ends: {broadcast}"
    is_permitted = any(broadcast.rows) and not store.opted_out
    return "L13: a permitted contact got nothing" if is_permitted and broadcast.sent != 1 else ""


def final_guarantees_for(bounds: WorldLimits) -> tuple[Guarantee, ...]:
    """Return the guarantees that must hold when no step is left."""
    refusable = bounds.take_over or bounds.words or "rejected" in bounds.send_failures
    refusable = refusable or bounds.opt_out or bounds.window or bounds.rows or bool(bounds.deaths)
    arrived = every_word_of_an_agent_arrived(bounds) if refusable else every_reply_arrived
    healed = (every_healing_message_is_answered(bounds),) if bounds.heals else ()
    return (all_turns_are_answered, arrived, permitted_messages_of_the_business_arrive, *healed)
