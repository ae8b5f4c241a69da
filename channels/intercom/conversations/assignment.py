"""Authors and assignees of an Intercom conversation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from channels._kit.inbound import JsonObject, get_identifier, get_object_list, get_text
from channels.intercom.capabilities import CONTACT_AUTHOR_TYPES

_OPERATOR_EMAIL: Final = re.compile(r"operator\+.{0,64}@intercom\.io")


class Author(StrEnum):
    """Author of a part."""

    CONTACT = "contact"
    BOT = "us"
    AGENT = "person"
    AUTOMATION = "automation"


class Assignee(StrEnum):
    """Assignee of a conversation: the bot, nobody, the hand-off target, or somebody else."""

    BOT = "us"
    NOBODY = "nobody"
    HAND_OFF_TARGET = "handed_to"
    OTHER = "others"


@dataclass(slots=True)
class Workspace:
    """Settings of a workspace: the bot's admin id, and the team or admin (one or none) for hand-offs.

    `tag` is added at hand-off, if set; `closes` closes conversations when their flow ends. An empty `id` is
    that of any workspace; it is read from the API if accounts share an app and the setting is missing.
    """

    admin: str
    team: str = ""
    teammate: str = ""
    tag: str = ""
    closes: bool = False
    id: str = ""

    def owns(self, workspace_id: str) -> bool:
        """Return whether a request of this workspace is for this account."""
        return self.id in ("", workspace_id)

    def classify_author(self, part: JsonObject) -> Author | None:
        """Classify a part's author; `None` if the author is missing.

        Operator and Fin write as `bot`, or as an admin with an Intercom address.
        """
        author = part.get("author")
        if not isinstance(author, dict):
            return None
        kind = get_text(author, "type", 40)
        if kind in CONTACT_AUTHOR_TYPES:
            return Author.CONTACT
        if kind not in ("admin", "team"):
            return Author.AUTOMATION if kind else None
        if kind == "admin" and get_identifier(author, "id") == self.admin:
            return Author.BOT
        is_automated = author.get("from_ai_agent") is True or author.get("is_ai_answer") is True
        if is_automated or _OPERATOR_EMAIL.fullmatch(get_text(author, "email", 100)):
            return Author.AUTOMATION
        return Author.AGENT

    def classify_assignee(self, conversation: JsonObject) -> Assignee:
        """Classify the assignee.

        Unassigned counts as the bot's; a team without an admin counts as its agents'.
        """
        admin, team = get_assignee_ids(conversation)
        if admin == self.admin:
            return Assignee.BOT
        if not admin and not team:
            return Assignee.NOBODY
        is_target = admin == self.teammate if self.teammate else not admin and team == self.team
        return Assignee.HAND_OFF_TARGET if is_target else Assignee.OTHER


def is_assignment(kind: str) -> bool:
    """Return whether a part of this type assigns a conversation, perhaps with text.

    There are several, such as `assignment`, `assign_and_reopen` and `default_assignment`; others may follow.
    """
    return kind.startswith("assign") or kind.endswith("_assignment")


def has_content(part: JsonObject) -> bool:
    """Return whether a part contains text or files."""
    return bool(get_text(part, "body").strip() or get_object_list(part, "attachments"))


def get_assignee_ids(conversation: JsonObject) -> tuple[str, str]:
    """Return the admin's and the team's id of a conversation; empty for none, which is `null` or 0."""
    admin, team = (get_identifier(conversation, f"{kind}_assignee_id", 40) for kind in ("admin", "team"))
    return admin.strip("0") and admin, team.strip("0") and team
