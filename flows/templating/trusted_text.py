"""Taint tracking: a string that marks which of its characters come from the flow, and which from values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any, ClassVar, Self, SupportsIndex

_TRUSTED, _UNTRUSTED = "o", "v"
_FORMAT_DIRECTIVE = re.compile(r"%(?:\((\w+)\))?[#0 +-]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa%]")


class TaintedStr(str):
    """A string with one mark per character. The results of other string methods are untrusted.

    `void` is the placeholder of an empty value in a concatenation.
    """

    marks: str
    empty_value_mark: ClassVar[str] = ""

    def __new__(cls, text: str = "", marks: str | None = None) -> Self:
        result = super().__new__(cls, text)
        result.marks = _UNTRUSTED * len(result) if marks is None else marks
        return result

    @classmethod
    def trusted(cls, text: str) -> Self:
        """Return trusted text: the flow's own, or escaped for its context."""
        return cls(text, _TRUSTED * len(text))

    @classmethod
    def concatenate(cls, parts: Iterable[object], between: str = "") -> Self:
        """Join parts; a part without marks is untrusted."""
        texts: list[str] = []
        marks: list[str] = []
        for part in parts:
            if texts and between:
                texts.append(between)
                marks.append(cls.marks_of(between))
            text = part if isinstance(part, cls) else str(part)
            is_void = not text and not isinstance(part, cls)
            texts.append(cls.empty_value_mark if is_void else text)
            marks.append(_TRUSTED * len(cls.empty_value_mark) if is_void else cls.marks_of(text))
        return cls("".join(texts), "".join(marks))

    @classmethod
    def marks_of(cls, text: str) -> str:
        return text.marks if isinstance(text, cls) else _UNTRUSTED * len(text)

    @property
    def is_trusted(self) -> bool:
        """True if every character is trusted."""
        return _UNTRUSTED not in self.marks

    def escape_untrusted(self, escape: Callable[[str], str]) -> str:
        """Return the text with its untrusted characters escaped."""
        result, start = [], 0
        for mark, group in groupby(self.marks):
            end = start + len(list(group))
            part = str(self)[start:end]
            result.append(part if mark == _TRUSTED else escape(part))
            start = end
        return "".join(result)

    def __add__(self, other: str) -> Self:
        return self.concatenate((self, other)) if isinstance(other, str) else NotImplemented

    def __radd__(self, other: str) -> Self:
        return self.concatenate((other, self)) if isinstance(other, str) else NotImplemented

    def __mul__(self, times: SupportsIndex) -> Self:
        return self.__class__(super().__mul__(times), self.marks * times)

    __rmul__ = __mul__

    def __getitem__(self, key: SupportsIndex | slice) -> Self:
        return self.__class__(super().__getitem__(key), self.marks[key])

    def __mod__(self, values: Any) -> Self:
        left = iter(values if isinstance(values, tuple) else (values,))
        parts: list[object] = []
        end = 0
        for found in _FORMAT_DIRECTIVE.finditer(self):
            parts.append(self[end : found.start()])
            end = found.end()
            if found[0] == "%%":
                parts.append(self[end - 1 : end])
                continue
            value = values[found[1]] if found[1] and isinstance(values, Mapping) else next(left, None)
            named = {found[1]: value} if found[1] else (value,)
            parts.append(
                value if found[0] == "%s" and isinstance(value, TaintedStr) else str(found[0]) % named
            )
        return self.concatenate([*parts, self[end:]])

    def join(self, parts: Iterable[object]) -> Self:
        return self.concatenate(parts, self)

    def replace(self, old: str, new: str, count: SupportsIndex = -1) -> str:
        """Replace; an untrusted argument neither removes trusted text nor inserts unescaped text."""
        if not old or not (isinstance(old, TaintedStr) and old.is_trusted):
            return super().replace(old, new, count)
        parts: list[object] = []
        start, end, left = 0, 0, int(count)
        while left != 0 and (at := self.find(old, start)) >= 0:
            marks = set(self.marks[at : at + len(old)])
            if len(marks) > 1:  # partly untrusted, which must not strip the trusted part
                start = at + 1
                continue
            parts += [self[end:at], new if marks == {_TRUSTED} else str(new)]
            start = end = at + len(old)
            left -= 1
        return self.concatenate([*parts, self[end:]])

    def strip(self, letters: str | None = None) -> Self:
        return self.lstrip(letters).rstrip(letters)

    def lstrip(self, letters: str | None = None) -> Self:
        return self[len(self) - len(super().lstrip(letters)) :]

    def rstrip(self, letters: str | None = None) -> Self:
        return self[: len(super().rstrip(letters))]

    def upper(self) -> Self:
        return self._with_text(super().upper())

    def lower(self) -> Self:
        return self._with_text(super().lower())

    def _with_text(self, text: str) -> Self:
        return self.__class__(text, self.marks if len(text) == len(self) else None)
