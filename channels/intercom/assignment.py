"""Who is who at an Intercom desk, and who holds a conversation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from channels._kit.inbound.json import Object, children, name_of, word
from channels.intercom.capabilities import CONTACTS

ASSIGNED: Final = frozenset({"assignment", "assign_and_reopen"})
"""Kinds of parts that assign a conversation, perhaps with words."""

_OPERATOR: Final = re.compile(r"operator\+.{0,64}@intercom\.io")


class Author(StrEnum):
    """Who wrote a part."""

    CONTACT = "contact"
    US = "us"
    PERSON = "person"
    AUTOMATION = "automation"


class Holder(StrEnum):
    """Whose a conversation is: assigned to the bot, to nobody, to whom we hand over, or to somebody else."""

    US = "us"
    NOBODY = "nobody"
    HANDED_TO = "handed_to"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Desk:
    """The bot's own teammate, and the team or teammate (one of the two, or none) to whom it hands over.

    `tag` is put on what is handed over, if it is set; `closes`: whether conversations end with their flow.
    """

    admin: str
    team: str = ""
    colleague: str = ""
    tag: str = ""
    closes: bool = False

    def author(self, part: Object) -> Author | None:
        """Who wrote this; `None` when the author is missing.

        Operator and Fin speak as `bot`, or as an admin with an address of Intercom's.
        """
        author = part.get("author")
        if not isinstance(author, dict):
            return None
        kind = word(author, "type", 40)
        if kind in CONTACTS:
            return Author.CONTACT
        if kind not in ("admin", "team"):
            return Author.AUTOMATION if kind else None
        if kind == "admin" and name_of(author, "id") == self.admin:
            return Author.US
        by_machine = author.get("from_ai_agent") is True or author.get("is_ai_answer") is True
        if by_machine or _OPERATOR.fullmatch(word(author, "email", 100)):
            return Author.AUTOMATION
        return Author.PERSON

    def holder(self, conversation: Object) -> Holder:
        """Who may speak, by assignment. Nobody's is also ours; a team without a member is its people's."""
        admin, team = assignees(conversation)
        if admin == self.admin:
            return Holder.US
        if not admin and not team:
            return Holder.NOBODY
        handed = admin == self.colleague if self.colleague else not admin and team == self.team
        return Holder.HANDED_TO if handed else Holder.OTHERS


def has_words(part: Object) -> bool:
    """Whether a part says something, by words or files."""
    return bool(word(part, "body").strip() or children(part, "attachments"))


def assignees(conversation: Object) -> tuple[str, str]:
    """The ids of the teammate and the team of a conversation; empty for none, which is `null` or 0."""
    admin, team = (name_of(conversation, f"{kind}_assignee_id", 40) for kind in ("admin", "team"))
    return admin.strip("0") and admin, team.strip("0") and team
