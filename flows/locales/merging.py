"""Merges the words of packs that read each other's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

_PartT = TypeVar("_PartT")
_OWN_FIELDS = (
    "language_names", "also_reads", "text2num_code", "spellings", "half_numbers", "half_words", "endings",
    "inflections",
    "short_weekdays", "short_weekday_patterns",
)  # fmt: skip


def merge(own: _PartT, others: Sequence[_PartT]) -> _PartT:
    """Return `own` with the words of `others` added; single values stay its own."""
    if not others:
        return own
    merged = {
        each.name: getattr(own, each.name)
        if each.name in _OWN_FIELDS
        else _merge_values(getattr(own, each.name), [getattr(other, each.name) for other in others])
        for each in fields(own)  # type: ignore[arg-type]
    }
    return type(own)(**merged)


def _merge_values(own: Any, others: list[Any]) -> Any:
    if is_dataclass(own):
        return merge(own, others)
    if isinstance(own, frozenset):
        return own.union(*others)
    if isinstance(own, Mapping):
        return _merge_mappings(own, others)
    if isinstance(own, tuple) and own and isinstance(own[0], tuple):
        return tuple(
            _unique(item for group in groups for item in group) for groups in zip(own, *others, strict=True)
        )
    # sorted, so that the patterns of two packs that read each other are the same
    return (
        _unique(sorted(item for group in (own, *others) for item in group)) if isinstance(own, tuple) else own
    )


def _merge_mappings(own: Mapping[str, Any], others: list[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for mapping in (*others, own):
        for key, value in mapping.items():
            is_list = isinstance(value, tuple)
            merged[key] = _unique(sorted((*merged.get(key, ()), *value))) if is_list else value
    return merged


def _unique(items: Any) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(items))
