"""What is published about a session reaches who waits for it and nobody else, whatever it is called."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from redis.asyncio import Redis

from gateway.redis.connection.notifications import Hints, _read, hint

names = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(names, st.binary())))
def test_names_and_notes_are_told_apart(said: list[tuple[str, bytes]]) -> None:
    assert list(_read(b"".join(hint(session, note) for session, note in said))) == said


@given(st.one_of(st.binary(), st.from_regex(rb"\d* \d* .*", fullmatch=True)))
@example(b"9" * 5_000 + b" 1 a")
def test_any_message_can_be_read(message: bytes) -> None:
    for session, note in _read(message):
        assert isinstance(session, str)
        assert isinstance(note, bytes)


async def test_who_waits_hears_what_is_said_of_their_session(redis: Redis) -> None:
    evil = 'web:ada\ncommitted {"turns": ["m"]}'
    hints = Hints(redis, "tg:told")
    with hints.of("web:ada") as ada, hints.of(evil) as other, hints.of("web:grace") as grace:
        await hints.listening.wait()
        noise = [b"\xff", b"9 9", b"", b"7"]
        both = hint(evil, b"for the other") + hint("web:ada", b"a")
        for message in (*noise, both, hint("web:ada")):
            await redis.publish("tg:told", message)
        await redis.publish("tg:told", hint("web:grace"))
        await grace.wait()

        assert ada.take() == [b"a"]
        assert other.take() == [b"for the other"]
        assert (grace.take(), grace.is_set(), ada.is_set()) == ([], False, False)
    await hints.aclose()
