"""What the models found wrong with a document's shape, and the keys that they do not know."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ValidationError

from flows.errors import Problem
from flows.source import QUOTES


def problems_of_shape(error: ValidationError) -> Iterator[Problem]:
    """One problem for each thing that is missing or of the wrong type."""
    details = error.errors(include_url=False)
    places = [detail["loc"] for detail in details]
    for detail in details:
        if detail["type"] == "too_short" and any(
            len(place) > len(detail["loc"]) and place[: len(detail["loc"])] == detail["loc"]
            for place in places
        ):
            continue  # there were items, but broken ones
        path = _path(detail["loc"])
        if detail["type"] == "missing":
            yield Problem(path, "This is required and missing.")
        elif detail["type"] == "string_type" and isinstance(detail["input"], bool):
            yield Problem(path, QUOTES)
        elif detail["type"] == "string_type" and isinstance(detail["input"], int | float):
            yield Problem(path, "Text is needed here and this is a number: write it in quotes.")
        elif detail["type"] != "flow":  # ours, made again from the raw document and with better paths
            yield Problem(path, f"{detail['msg']}.")


def unknown_keys(part: BaseModel, path: str = "") -> Iterator[Problem]:
    """The keys, at every level, that have no meaning here."""
    for key in part.model_extra or {}:
        yield Problem(
            f"{path}.{key}".lstrip("."), "This key is not known here; it is kept and has no effect."
        )
    for name in type(part).model_fields:
        value = getattr(part, name)
        for index, item in enumerate(value if isinstance(value, tuple) else ()):
            if isinstance(item, BaseModel):
                yield from unknown_keys(item, f"{path}.{name}[{index}]".lstrip("."))


def _path(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")
