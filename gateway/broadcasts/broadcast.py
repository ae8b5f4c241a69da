"""Broadcast: its message with variables, and its progress."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from core.model import FrozenModel, Message, Route, Template
from flows.text import protect_value, to_commonmark
from gateway.broadcasts.recipient_file import MAX_COLUMNS, Recipient
from gateway.redis.records.sessions.log.message_timeline import OWN_PREFIX
from gateway.redis.sending.first_contact import ContactAddress

NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$"
_BRACES: Final = re.compile(r"\{\{|\}\}")
_VARIABLE: Final = re.compile(r"\{\{\s*([^{}]{1,60}?)\s*\}\}")


class MissingVariable(ValueError):
    """A row has no value for a variable of the text."""


class BroadcastState(StrEnum):
    """State of a broadcast. `loading`: its recipients are not all stored yet."""

    LOADING = "loading"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"


class Broadcast(FrozenModel):
    """Definition of a broadcast.

    `channel`, `account` and `sender` are the business's side. The message is a `text` in CommonMark with
    variables such as `{{ name }}`, or an approved `template` in `language`, whose variables are the columns
    of their names; a text with a template is replaced by it outside the service window. `variables` are those
    of the template with their columns, where these have other names. `rate` is a limit of messages per second
    below that of the number, 0 for none.
    """

    name: str
    channel: str = Field(max_length=40)
    account: str = Field("", max_length=40)
    sender: str = Field("", max_length=200)
    text: str = Field("", max_length=4_000)
    template: str = Field("", max_length=512)
    language: str = Field("", max_length=20)
    rate: float = Field(0.0, ge=0, le=10_000)
    category: Literal["marketing", "utility"] = "marketing"
    variables: dict[str, str] = Field(default_factory=dict, max_length=MAX_COLUMNS)

    @field_validator("name")
    @classmethod
    def _validate_name(cls, name: str) -> str:
        if not re.fullmatch(NAME_PATTERN, name):
            sentence = "write 1 to 60 letters, digits, - and _, first a letter or a digit"
            raise PydanticCustomError("name", sentence)
        return name

    @field_validator("variables", mode="before")
    @classmethod
    def _parse_variables(cls, given: object) -> object:
        """Read `1=first name, 2=code`, as options and queries have it."""
        if not isinstance(given, str):
            return given
        pairs = [item.partition("=") for item in given.split(",") if item.strip()]
        columns = {name.strip(): column.strip() for name, _, column in pairs}
        if not all(columns) or not all(columns.values()):
            raise ValueError("write variables as 1=first name, 2=code: name and column")
        return columns

    @model_validator(mode="after")
    def _validate(self) -> Self:
        if not self.text.strip() and not self.template:
            raise ValueError("give it a text or a template")
        if self.template and not self.language:
            raise ValueError("a template needs its language")
        if self.variables and not self.template:
            raise ValueError("variables are those of a template; name one")
        return self

    @property
    def key(self) -> str:
        """Key of the message in each session: a contact gets one message of a broadcast."""
        return f"{OWN_PREFIX}bc-{self.name}"

    def digest(self, recipients: Sequence[Recipient]) -> str:
        """Return a digest of the definition and the recipients."""
        later_fields = set() if self.variables else {"variables"}  # earlier releases had none
        hashed = hashlib.sha256(self.model_dump_json(exclude=later_fields).encode())
        for each in recipients:
            hashed.update(each.model_dump_json(exclude={"line"}).encode())
        return hashed.hexdigest()

    def contact(self, to: str) -> ContactAddress:
        """Return the contact of a row."""
        return ContactAddress(channel=self.channel, account=self.account, to=to, sender=self.sender)

    def used_columns(self, known: frozenset[str] | None) -> frozenset[str] | None:
        """Return the columns that reach the message, `None` if all do; `known` as in `message`."""
        of_text = frozenset(found[1] for found in _VARIABLE.finditer(self.text))
        if not self.template:
            return of_text
        of_template = frozenset(self.variables.values()) if self.variables else known
        return None if of_template is None else of_text | of_template

    def message(self, variables: Mapping[str, str], known: frozenset[str] | None = None) -> Message:
        """Return the message of a row. Raises `MissingVariable`.

        `known` are the variables of the template, `None` if its definition is not known.
        """
        template = None
        if self.template:
            values = self._select_values(variables, known)
            template = Template(name=self.template, language=self.language, variables=values)
        if not self.text:
            return Message(text="", template=template)
        fallback = Route(template=template) if template else None
        return Message(text=self._fill_in(variables), fallback=fallback)

    def _select_values(self, row: Mapping[str, str], known: frozenset[str] | None) -> dict[str, str]:
        """Return the values of the template's variables: of the columns of their names, or of those named."""
        if not self.variables:
            return {name: value for name, value in row.items() if known is None or name in known}
        if missing := [column for column in self.variables.values() if not row.get(column)]:
            raise MissingVariable(f"no value for {missing[0]}")
        return {name: row[column] for name, column in self.variables.items()}

    def _fill_in(self, variables: Mapping[str, str]) -> str:
        """Return the text with the values as plain words."""
        if braces := _BRACES.search(_VARIABLE.sub("", self.text)):
            raise MissingVariable(f"{braces[0]} in the text belongs to no variable; write {{{{ name }}}}")

        def value_of(found: re.Match[str]) -> str:
            value = variables.get(found[1], "")
            if not value:
                raise MissingVariable(f"no value for {found[1]}")
            return protect_value(value)

        return to_commonmark(_VARIABLE.sub(value_of, self.text))


class Progress(FrozenModel):
    """Progress of a broadcast; `waiting` messages are in outboxes or the schedule, `scheduled` of them there.

    `skipped` rows got nothing, each with its reason; `queued` are the other processed ones that do not wait
    in the schedule. What the gate refused afterwards is in `refused`.
    """

    broadcast: Broadcast
    state: BroadcastState
    total: int = 0
    processed: int = 0
    queued: int = 0
    scheduled: int = 0
    skipped: int = 0
    waiting: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    failed: int = 0
    refused: int = 0
    rerouted: int = 0
    started_ms: int = 0
    ended_ms: int = 0


class RowOutcome(FrozenModel):
    """Outcome of one row: that of its message, or why the contact gets none. `code` is the provider's."""

    outcome: str
    reason: str = ""
    session: str = ""
    code: str = ""
