"""Text that knows which of its letters the operator wrote; the others are values, and never to be trusted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any, ClassVar, Self, SupportsIndex

_OWN, _VALUE = "o", "v"
_DIRECTIVE = re.compile(r"%(?:\((\w+)\))?[#0 +-]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa%]")


class Marked(str):
    """A text with one mark for each letter. What is made of it in other ways than these is all a value.

    `void` is what an empty value leaves behind where it is put together with others.
    """

    marks: str
    void: ClassVar[str] = ""

    def __new__(cls, text: str = "", marks: str | None = None) -> Self:
        made = super().__new__(cls, text)
        made.marks = _VALUE * len(made) if marks is None else marks
        return made

    @classmethod
    def own(cls, text: str) -> Self:
        """A text of the operator's, or one that has been made safe for its place."""
        return cls(text, _OWN * len(text))

    @classmethod
    def joined(cls, parts: Iterable[object], between: str = "") -> Self:
        """All parts in one text. A part that has no marks is a value."""
        texts: list[str] = []
        marks: list[str] = []
        for part in parts:
            if texts and between:
                texts.append(between)
                marks.append(cls.marks_of(between))
            text = part if isinstance(part, cls) else str(part)
            is_void = not text and not isinstance(part, cls)
            texts.append(cls.void if is_void else text)
            marks.append(_OWN * len(cls.void) if is_void else cls.marks_of(text))
        return cls("".join(texts), "".join(marks))

    @classmethod
    def marks_of(cls, text: str) -> str:
        return text.marks if isinstance(text, cls) else _VALUE * len(text)

    @property
    def is_own(self) -> bool:
        """Whether the operator wrote all of it."""
        return _VALUE not in self.marks

    def escaped(self, escape: Callable[[str], str]) -> str:
        """The text with its values escaped, and the operator's letters as they are."""
        made, start = [], 0
        for mark, group in groupby(self.marks):
            end = start + len(list(group))
            part = str(self)[start:end]
            made.append(part if mark == _OWN else escape(part))
            start = end
        return "".join(made)

    def __add__(self, other: str) -> Self:
        return self.joined((self, other)) if isinstance(other, str) else NotImplemented

    def __radd__(self, other: str) -> Self:
        return self.joined((other, self)) if isinstance(other, str) else NotImplemented

    def __mul__(self, times: SupportsIndex) -> Self:
        return self.__class__(super().__mul__(times), self.marks * times)

    __rmul__ = __mul__

    def __getitem__(self, key: SupportsIndex | slice) -> Self:
        return self.__class__(super().__getitem__(key), self.marks[key])

    def __mod__(self, values: Any) -> Self:
        left = iter(values if isinstance(values, tuple) else (values,))
        parts: list[object] = []
        end = 0
        for found in _DIRECTIVE.finditer(self):
            parts.append(self[end : found.start()])
            end = found.end()
            if found[0] == "%%":
                parts.append(self[end - 1 : end])
                continue
            value = values[found[1]] if found[1] and isinstance(values, Mapping) else next(left, None)
            named = {found[1]: value} if found[1] else (value,)
            parts.append(value if found[0] == "%s" and isinstance(value, Marked) else str(found[0]) % named)
        return self.joined([*parts, self[end:]])

    def join(self, parts: Iterable[object]) -> Self:
        return self.joined(parts, self)

    def replace(self, old: str, new: str, count: SupportsIndex = -1) -> str:
        """A value decides neither what goes out of the operator's text nor what stands there unescaped."""
        if not old or not (isinstance(old, Marked) and old.is_own):
            return super().replace(old, new, count)
        parts: list[object] = []
        start, end, left = 0, 0, int(count)
        while left != 0 and (at := self.find(old, start)) >= 0:
            marks = set(self.marks[at : at + len(old)])
            if len(marks) > 1:  # half of it is a value, which takes nothing away from the operator's half
                start = at + 1
                continue
            parts += [self[end:at], new if marks == {_OWN} else str(new)]
            start = end = at + len(old)
            left -= 1
        return self.joined([*parts, self[end:]])

    def strip(self, letters: str | None = None) -> Self:
        return self.lstrip(letters).rstrip(letters)

    def lstrip(self, letters: str | None = None) -> Self:
        return self[len(self) - len(super().lstrip(letters)) :]

    def rstrip(self, letters: str | None = None) -> Self:
        return self[: len(super().rstrip(letters))]

    def upper(self) -> Self:
        return self._with_letters(super().upper())

    def lower(self) -> Self:
        return self._with_letters(super().lower())

    def _with_letters(self, text: str) -> Self:
        return self.__class__(text, self.marks if len(text) == len(self) else None)
