"""Words of one language with which people opt out of messages, or in again."""

from __future__ import annotations

from typing import NamedTuple


class OptOutWords(NamedTuple):
    """The words of one language; each is a whole message.

    `explicit` words have no other meaning and count on every channel. `short` words may be an ordinary answer
    in a chat window or in an e-mail; they count only where contacts are used to them. `resume` words count
    only while the contact is opted out. `marketing` words refuse only offers. `courtesies` may stand before
    or after the words of any language that opt out.
    """

    explicit: tuple[str, ...]
    short: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    marketing: tuple[str, ...] = ()
    courtesies: tuple[str, ...] = ()
