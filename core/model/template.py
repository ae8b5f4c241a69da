"""Message templates that a provider has approved, and validation of their use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

from core.model.base import FrozenModel

APPROVED: Final = "approved"
"""The status in which a template may be sent."""

DELETED: Final = "deleted"
"""The status of a template that the provider no longer lists."""

_MAX_VALUE_LENGTH: Final = 1024
_INVALID_TEXT: Final = re.compile(r"[\n\r\t]| {5}")
_URL: Final = re.compile(r"https?://[^\s/?#]+\S*")
_MEDIA_ID: Final = re.compile(r"\d{1,64}")
_NUMBER: Final = re.compile(r"-?\d{1,3}(\.\d{1,20})?")


class TemplateVariable(FrozenModel):
    """A value that a template takes, by the name that its channel documents.

    `kind` is `text`, `media` (a URL or the provider's id), `number` (degrees) or `payload` (any text). A
    value that is not `is_shown` is part of a URL, an identifier or a code: nobody reads it as text.
    """

    name: str
    kind: Literal["text", "media", "number", "payload"] = "text"
    is_required: bool = True
    is_shown: bool = True
    example: str = ""


class MessageTemplate(FrozenModel):
    """A template in one language, as the provider lists it.

    `id` is the provider's. `status`, `quality` and `category` are in lower case; only an `approved` one may
    be sent. `text` is the body with its variables, for display, `components` describes the other parts.
    """

    name: str
    language: str
    id: str = ""
    status: str = ""
    reason: str = ""
    category: str = ""
    quality: str = ""
    text: str = ""
    components: tuple[str, ...] = ()
    variables: tuple[TemplateVariable, ...] = ()

    @property
    def is_approved(self) -> bool:
        """True if the provider takes messages with it."""
        return self.status == APPROVED

    @property
    def variable_names(self) -> frozenset[str]:
        """Names of its variables."""
        return frozenset(each.name for each in self.variables)


class TemplateProblemKind(StrEnum):
    """Kind of a problem for which a message with a template is not sent."""

    UNKNOWN = "template_unknown"
    VARIABLES = "template_variables"
    NOT_APPROVED = "template_not_approved"


class TemplateProblem(FrozenModel):
    """Problem of a template or of its values, described in a sentence."""

    kind: TemplateProblemKind
    reason: str


def find_status_problem(definition: MessageTemplate) -> TemplateProblem | None:
    """Return why a template may not be sent, whatever its values; `None` if it may."""
    if definition.is_approved:
        return None
    why = f" ({definition.reason})" if definition.reason else ""
    status = definition.status or "of unknown status"
    reason = f"the template {definition.name} in {definition.language} is {status}{why}, not approved"
    return TemplateProblem(kind=TemplateProblemKind.NOT_APPROVED, reason=reason)


def find_variable_problem(definition: MessageTemplate, values: Mapping[str, str]) -> TemplateProblem | None:
    """Return what is wrong with the values for a template; `None` if they fit."""
    known = {each.name: each for each in definition.variables}
    missing = [name for name, each in known.items() if each.is_required and name not in values]
    extra = [name for name in values if name not in known]
    invalid = [
        f"{name} {wrong}"
        for name in values
        if name in known and (wrong := _find_value_problem(known[name], values[name]))
    ]
    problems = [f"{', '.join(missing)} missing"] if missing else []
    problems += [f"{', '.join(extra)} not known"] if extra else []
    problems += invalid
    if not problems:
        return None
    takes = ", ".join(known) or "none"
    reason = f"variables of the template {definition.name}: {'; '.join(problems)}; it takes {takes}"
    return TemplateProblem(kind=TemplateProblemKind.VARIABLES, reason=reason)


def _find_value_problem(variable: TemplateVariable, value: str) -> str:
    """Return what is wrong with a value; empty if nothing is."""
    if not value.strip():
        return "is empty"
    if len(value) > _MAX_VALUE_LENGTH:
        return f"is longer than {_MAX_VALUE_LENGTH} characters"
    match variable.kind:
        case "text" if _INVALID_TEXT.search(value):
            return "has a line break, a tab or more than four spaces in a row"
        case "media" if not (_URL.fullmatch(value) or _MEDIA_ID.fullmatch(value)):
            return "is no http or https URL"
        case "number" if not _NUMBER.fullmatch(value):
            return "is no number"
    return ""
