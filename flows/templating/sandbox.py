"""Jinja in bounds: no way out of it, and nothing that takes much time or room."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST_PRODUCT = 100_000
WIDEST = 1_000
MOST_ROUNDS = 1_000
MOST_ROUNDS_IN_ALL = 10_000

_SIZED = (str, list, tuple)
# a width of four digits, or one that a value gives, is none that a person wants
_WIDE_PERCENT = re.compile(r"%(?:\(\w*\))?[#0 +-]*(?:\d{4,}|\*|\d*\.(?:\d{4,}|\*))")
_WIDE_BRACES = re.compile(r"\{[^{}]*:[^{}]*(?:\d{4,}|\{)")
_PADDING = frozenset(("center", "expandtabs", "ljust", "rjust", "zfill"))
_NEVER = frozenset(("to_bytes", "translate"))
_WITH_NUMBERS = ("batch", "center", "indent", "round", "slice", "tojson")

_rounds: ContextVar[int] = ContextVar("rounds", default=0)


class Sandbox(ImmutableSandboxedEnvironment):
    """Refuses with a `SecurityError` what would be too long, too wide or too often.

    Its filters are to be `bounded` once all of them are there.
    """

    intercepted_binops = frozenset(("*", "**", "+", "%"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.globals["range"] = _range

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise SecurityError("there are no powers here")
        if operator == "*":
            _look_at_product(left, right)
        elif operator == "+" and isinstance(left, _SIZED) and isinstance(right, _SIZED):
            _look_at_size(len(left) + len(right))
        elif operator == "%" and isinstance(left, str) and _WIDE_PERCENT.search(left):
            raise SecurityError("this would be too wide")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        method = getattr(function, "__wrapped__", function)  # Jinja wraps `format`
        owner, name = getattr(method, "__self__", None), getattr(method, "__name__", "")
        if isinstance(owner, str | int) and name in _NEVER:
            raise SecurityError(f"there is no {name} here")
        if isinstance(owner, str):
            _look_at_call(owner, name, args)
        return super().call(context, function, *args, **kwargs)


def bounded(environment: Sandbox) -> Sandbox:
    """The environment with filters that refuse as well."""
    filters = environment.filters
    looks = {**dict.fromkeys(_WITH_NUMBERS, _look_at_widths), "format": _look_at_format}
    for name, look in {**looks, "replace": _look_at_replacing}.items():
        filters[name] = _looked_at(filters[name], look)
    return environment


def begin_counting() -> None:
    """A template begins to be rendered: its loops are counted from here."""
    _rounds.set(0)


def _range(*bounds: int) -> range:
    """`range`, with not too many numbers: in one, and in all of a template's, one within another."""
    made = range(*bounds)
    if len(made) > MOST_ROUNDS:
        raise SecurityError(f"a range has {MOST_ROUNDS} numbers at most")
    rounds = _rounds.get() + len(made)
    if rounds > MOST_ROUNDS_IN_ALL:
        raise SecurityError(f"a text has {MOST_ROUNDS_IN_ALL} rounds of loops at most")
    _rounds.set(rounds)
    return made


def _looked_at(function: Callable[..., Any], look: Callable[..., None]) -> Callable[..., Any]:
    """A filter whose value and arguments are looked at first."""
    is_handed_more = hasattr(function, "jinja_pass_arg")  # by Jinja, in front of the value

    @wraps(function)
    def applied(*args: Any, **kwargs: Any) -> Any:
        look(*args[1 if is_handed_more else 0 :], *kwargs.values())
        return function(*args, **kwargs)

    return applied


def _look_at_size(size: int) -> None:
    if size > LONGEST_PRODUCT:
        raise SecurityError("this would be too long")


def _look_at_product(left: Any, right: Any) -> None:
    sizes = [len(side) if isinstance(side, _SIZED) else abs(side) for side in (left, right)]
    if sizes[0] * sizes[1] > LONGEST_PRODUCT * LONGEST_PRODUCT:
        raise SecurityError("this would be too large")
    if isinstance(left, _SIZED) or isinstance(right, _SIZED):
        _look_at_size(sizes[0] * sizes[1])


def _look_at_widths(_: Any, *numbers: Any) -> None:
    if any(isinstance(number, int) and abs(number) > WIDEST for number in numbers):
        raise SecurityError("this would be too wide")


def _look_at_format(form: Any, *_: Any) -> None:
    if _WIDE_PERCENT.search(str(form)):
        raise SecurityError("this would be too wide")


def _look_at_replacing(text: Any, old: Any = "", new: Any = "", *_: Any) -> None:
    text, old, new = str(text), str(old), str(new)
    _look_at_size((text.count(old) if old else len(text) + 1) * len(new))


def _look_at_call(owner: str, name: str, args: tuple[Any, ...]) -> None:
    if name in _PADDING:
        _look_at_widths(owner, *args)
    elif name in ("format", "format_map") and _WIDE_BRACES.search(owner):
        raise SecurityError("this would be too wide")
    elif name == "replace":
        _look_at_replacing(owner, *args)
    elif name == "join" and args and isinstance(args[0], Iterable):
        _look_at_size(len(owner) * len(list(args[0])))
