"""Stateful test: agents' actions and webhooks in any order and repetition agree on the owner."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels._kit.agent_commands import parse_agent_command
from channels._kit.simulator import UserMessage, WebhookDelivery
from channels.intercom.conversations.html_body import parse_body
from channels.intercom.simulator.server import IntercomSimulator
from core.model import AutomaticTransition, ControlAction, ControlReceived, Owner, TurnReceived, next_owner
from core.ports import Webhook
from tests.channels.intercom.builders import SECRET, TOKEN, build_channel
from tests.effort import example_count

PERSON, NOW = "+15550181", 1_790_000_000.0

_ACTS = {
    "reply": ControlAction.TAKE_OVER,
    "reply_and_assign": ControlAction.TAKE_OVER,
    "take": ControlAction.TAKE_OVER,
    "pass_on": ControlAction.TAKE_OVER,
    "give_back": ControlAction.GIVE_BACK,
    "unassign": ControlAction.GIVE_BACK,
    "close": ControlAction.CLOSE,
    "reply_and_close": ControlAction.CLOSE,
}
_WORDS = st.sampled_from(["I am on it.", "/bot on", "/bot off", "/end", "3 < 5 & <b>more</b>"])
_STEPS = st.lists(
    st.tuples(
        st.sampled_from([move.name for move in IntercomSimulator.agent_actions if move.name != "open"]),
        _WORDS,
    )
    | st.tuples(st.just("say"), st.just("Hello?")),
    max_size=20,
)


class Session:
    """The mailbox's state of one conversation: owner, seen IDs, time of the newest action."""

    def __init__(self) -> None:
        self.owner = Owner.BOT
        self._seen: set[str] = set()
        self._acted = 0.0

    def take(self, deliveries: Iterable[WebhookDelivery]) -> None:
        for delivery in deliveries:
            hook = Webhook(delivery.method, delivery.url, delivery.headers, delivery.body)
            build_channel().verify(hook)
            for event in build_channel().parse(hook):
                if isinstance(event, TurnReceived) and self._is_new(event.turn.id):
                    self.owner = next_owner(self.owner, AutomaticTransition.NEW_MESSAGE)
                elif isinstance(event, ControlReceived) and self._is_new(event.id):
                    self._act(event)

    def _is_new(self, name: str) -> bool:
        is_new = name not in self._seen
        self._seen.add(name)
        return is_new

    def _act(self, event: ControlReceived) -> None:
        if not event.at or event.at >= self._acted:
            self._acted = event.at or self._acted
            self.owner = next_owner(self.owner, event.act)


@pytest.mark.long
@settings(max_examples=example_count(300))
@given(steps=_STEPS, plain=st.booleans())
def test_the_desk_and_the_session_agree_on_the_owner(steps: list[tuple[str, str]], plain: bool) -> None:
    url = "https://bots.example.com/webhooks/intercom"
    simulator = IntercomSimulator(
        client_secret=SECRET, access_token=TOKEN, webhook_url=url, seed=1, plain=plain
    )
    session, told, expected, now = Session(), [], Owner.BOT, NOW
    for move, words in [("say", "Hi"), ("say", "more"), *steps]:
        now += 1
        if move == "say":
            deliveries = simulator.send_user_message(UserMessage("intercom", PERSON, words), now)[1]
            expected = next_owner(expected, AutomaticTransition.NEW_MESSAGE)
        elif not simulator.get_desk_status(PERSON).thread:
            continue
        else:
            try:
                deliveries = simulator.run_agent_action(PERSON, move, words, now)
            except KeyError:
                assert move == "redact"  # nothing is left to redact
                continue
            act = parse_agent_command(words) if move == "note" else _ACTS.get(move)
            expected = next_owner(expected, act) if act else expected
        session.take(deliveries)
        told += deliveries
        session.take(told[-3:])  # again, and late
        if move == "delete":
            assert session.owner is Owner.CLOSED
            session, told, expected = Session(), [], Owner.BOT
            continue
        assert session.owner is expected


@pytest.mark.long
@given(
    body=st.text(
        alphabet=st.sampled_from("ab <>/=\"'&;!-\n\x00\xa0") | st.characters(codec="utf-8"), max_size=200
    ),
    tags=st.lists(
        st.sampled_from(
            ["<p>", "</p>", "<a href=", "<img src=", "<script>", "<![CDATA[", "<!--", "<li>", "<pre>"]
        ),
        max_size=8,
    ),
    mode=st.sampled_from(["auto", "html", "plain"]),
)
def test_no_body_raises_or_leaves_executable_markup(body: str, tags: list[str], mode: str) -> None:
    found = parse_body("".join(tag + body for tag in ["", *tags]), mode)  # type: ignore[arg-type]

    found.text.encode()
    assert "\x00" not in found.text
    assert found.text == found.text.strip()
    assert all(url.startswith(("https://", "http://", "mailto:", "tel:")) for url in found.images)
