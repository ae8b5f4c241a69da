"""A conversation as Intercom tells of it: what the person said, and what the desk did, part by part."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable, Iterator
from typing import Final

from channels._kit.agent_commands import command
from channels._kit.inbound.json import Object, child, children, name_of, number, word
from channels.intercom.assignment import ASSIGNED, Author, Desk, Holder, assignees, has_words
from channels.intercom.capabilities import NAME
from channels.intercom.html_body import LONGEST_BODY, Mode, read_body
from core.model.event import ControlReceived, Event, Ignored, TurnReceived
from core.model.owner import Act
from core.model.turn import Address, Attachment, Turn

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")
_MOST_FILES: Final = 10


class Conversation:
    """One conversation, on its way to events. `event` is the notification's id."""

    def __init__(self, item: Object, *, account: str, event: str, desk: Desk) -> None:
        self._item = item
        self._event = event
        self._desk = desk
        found = name_of(item, "id") or name_of(item, "conversation_id")
        self._id = found if _ID.fullmatch(found) else ""
        self._account = account if _ID.fullmatch(account) else ""
        self._session = f"{NAME}:{self._account}:{self._id}"
        self._address = Address(channel=NAME, account=self._account, ours=self._account, theirs=self._id)

    @property
    def is_named(self) -> bool:
        """Whether workspace and conversation have ids."""
        return bool(self._id and self._account)

    def said(self, mode: Mode, *, opening: bool) -> Iterator[Event]:
        """Turns of the contact, and before them whose the conversation is when it is not the bot's.

        The first message stands in `source`, for ever: only a new conversation is opened with it. Who opens a
        closed one again talks to the bot, whoever it was assigned to: closing it, that person has left.
        """
        turns: list[Event] = []
        reopened, parts = False, self._parts()
        source = child(self._item, "source")
        if opening and self._desk.author(source) is Author.CONTACT:
            turns += self._turn(source, f"source:{name_of(source, 'id')}", mode)
        for part in parts:
            if self._desk.author(part) is not Author.CONTACT:
                yield from self._deed(part, word(part, "part_type", 60), mode)
                continue
            turns += self._turn(part, name_of(part, "id"), mode)
            reopened = reopened or word(part, "part_type", 60) == "open"
        if turns and not reopened:
            yield from self._held(parts[-1] if parts else self._item, opening=opening)
        yield from turns

    def done(self, kind: str, mode: Mode) -> Iterator[Event]:
        """What the desk did; `kind` is what the topic tells of, for a notification without parts."""
        parts = self._parts()
        for part in parts:
            if self._desk.author(part) is Author.CONTACT:
                yield Ignored(reason="a contact's part under another topic")
            else:
                yield from self._deed(part, word(part, "part_type", 60), mode)
        if not parts:
            yield from self._deed({}, kind, mode)

    def begun_by_desk(self) -> Iterator[Event]:
        """A teammate wrote first: the bot stays out, unless the conversation is assigned to it."""
        source = child(self._item, "source")
        if self._desk.author(source) is Author.PERSON and self._desk.holder(self._item) is not Holder.US:
            yield self._control(f"source:{name_of(source, 'id')}", Act.TAKE_OVER, source)

    def deleted(self) -> Event:
        """Gone: what waits is not answered, and nothing is sent any more."""
        return self._control(f"{self._id}.deleted", Act.CLOSE, {})

    def _parts(self) -> list[Object]:
        """The parts of the notification, oldest first; they may come in any order."""

        def age(part: Object) -> tuple[float, int, str]:
            found = name_of(part, "id")
            return number(part, "created_at") or 0.0, int(found) if found.isdecimal() else 0, found

        return sorted(children(child(self._item, "conversation_parts"), "conversation_parts"), key=age)

    def _deed(self, part: Object, kind: str, mode: Mode) -> Iterator[Event]:
        """What a part of the desk changes. A part comes under several topics: its id makes it one event."""
        key, author = name_of(part, "id") or self._event, self._desk.author(part)
        by_person = author is Author.PERSON
        if part.get("redacted") is True:
            yield Ignored(reason="redacted part")
        elif kind == "close":
            yield from self._held(part, opening=True)
            yield self._control(key, Act.CLOSE, part)
        elif author is Author.US:
            yield Ignored(reason="our own part")
        elif kind == "note":
            act = command(self._words(part, mode)) if by_person else None
            yield self._control(key, act, part) if act else Ignored(reason="note")
        elif kind in ASSIGNED:
            yield from self._assigned(key, part, spoke=by_person and has_words(part))
        elif by_person and self._takes_over(part, kind):
            yield self._control(key, Act.TAKE_OVER, part)
        else:
            yield Ignored(reason=kind if _ID.fullmatch(kind) else "other part")

    def _takes_over(self, part: Object, kind: str) -> bool:
        """Whether a person who did this has the conversation now: by any words, or by opening their own."""
        if kind == "open" and self._desk.holder(self._item) is Holder.OTHERS:
            return True
        return kind == "comment" or has_words(part)

    def _assigned(self, key: str, part: Object, *, spoke: bool) -> Iterator[Event]:
        """By the state of the conversation, newer than the part: Intercom builds it when it sends."""
        holder = self._desk.holder(self._item)
        if holder is Holder.US or (holder is Holder.NOBODY and not spoke):
            yield self._control(key, Act.GIVE_BACK, part)
            return
        yield self._control(key, Act.TAKE_OVER, part)
        if holder is not Holder.NOBODY:
            yield self._control(self._holding, Act.TAKE_OVER, part)

    def _held(self, part: Object, *, opening: bool) -> Iterator[Event]:
        """Silence in a conversation of somebody else's.

        Told once for each assignment, so that the bot stays on after `/bot on` or once a closed one is opened
        again. Where we have handed it over ourselves, the wait for a person goes on.
        """
        holder = self._desk.holder(self._item)
        if holder is Holder.OTHERS or (holder is Holder.HANDED_TO and opening):
            yield self._control(self._holding, Act.TAKE_OVER, {"created_at": part.get("created_at")})

    @property
    def _holding(self) -> str:
        return f"held.{'.'.join(assignees(self._item))}"

    def _control(self, key: str, act: Act, part: Object) -> ControlReceived:
        author = child(part, "author")
        return ControlReceived(
            id=f"{key}.{act}",
            session=self._session,
            address=self._address,
            act=act,
            actor=word(author, "name", 100) or name_of(author, "id", 60),
            at=number(part, "created_at") or 0.0,
        )

    def _words(self, part: Object, mode: Mode) -> str:
        return read_body(word(part, "body", LONGEST_BODY), mode).text

    def _turn(self, part: Object, key: str, mode: Mode) -> list[Event]:
        """The turn in a contact's part, whatever its type; none when nothing is in it, or nothing left."""
        body = read_body(word(part, "body", LONGEST_BODY), mode)
        files = (*_attachments(children(part, "attachments")), *_images(body.images))[:_MOST_FILES]
        if part.get("redacted") is True or not key.removeprefix("source:") or not (body.text or files):
            return []
        turn = Turn(
            id=key,
            session=self._session,
            address=self._address,
            text=body.text,
            attachments=files,
            details=self._details(part),
            at=number(part, "created_at") or 0.0,
        )
        return [TurnReceived(turn=turn)]

    def _details(self, part: Object) -> dict[str, str]:
        author, source = child(part, "author"), child(self._item, "source")
        contact = next(iter(children(child(self._item, "contacts"), "contacts")), {})
        details = {
            "user_id": name_of(author, "id"),
            "external_id": word(contact, "external_id"),
            "profile_name": word(author, "name"),
            "source": word(source, "type", 40),
            "page": word(source, "url", 500),
        }
        return {name: value for name, value in details.items() if value}


def _attachments(found: Iterable[Object]) -> Iterator[Attachment]:
    """Uploads; their addresses are signed and expire, so they are to be fetched soon."""
    for each in found:
        url, name = word(each, "url", 2000), word(each, "name")
        if url.startswith("https://"):
            yield Attachment(
                url=url, name=name, content_type=word(each, "content_type", 100) or _type_of(url)
            )


def _images(urls: Iterable[str]) -> Iterator[Attachment]:
    for url in urls:
        if url.startswith("https://"):
            yield Attachment(url=url, content_type=_type_of(url, "image/jpeg"))


def _type_of(url: str, otherwise: str = "application/octet-stream") -> str:
    return mimetypes.guess_type(url.partition("?")[0])[0] or otherwise
