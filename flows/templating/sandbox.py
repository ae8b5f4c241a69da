"""Jinja sandbox with bounds on output, loops, memory and time."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable
from functools import wraps
from typing import Any, cast

from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flows.templating.budget import (
    CONCAT_FILTER,
    MAX_OUTPUT_LENGTH,
    ROUNDS_FILTER,
    BoundingTransformer,
    concatenate,
    concatenate_values,
    count_rounds,
    spend,
    spend_time,
)

MAX_RESULT_LENGTH = 100_000
MAX_WIDTH = 1_000
MAX_RANGE_LENGTH = 1_000
_SIZED_TYPES = (str, list, tuple)
# a width of four digits or from a value is never intended
_WIDE_PERCENT_FORMAT = re.compile(r"%(?:\(\w*\))?[#0 +-]*(?:\d{4,}|\*|\d*\.(?:\d{4,}|\*))")
_WIDE_BRACE_FORMAT = re.compile(r"\{[^{}]*:[^{}]*(?:\d{4,}|\{)")
_PADDING_METHODS = frozenset(("center", "expandtabs", "ljust", "rjust", "zfill"))
_FORBIDDEN_METHODS = frozenset(("to_bytes", "translate"))
_FILTERS_WITH_NUMBERS = ("batch", "center", "indent", "round", "slice", "tojson")

_WALKING_FILTERS = (
    *("batch", "groupby", "list", "map", "max", "min", "reject", "select", "slice", "sort", "striptags"),
    *("title", "unique", "urlize", "wordcount", "wordwrap"),
)


class BoundedSandbox(ImmutableSandboxedEnvironment):
    """Raises `SecurityError` for output that is too long or wide, for too many iterations and too much time.

    `start_budget` is to be called before each rendering, and `add_filter_limits` once all filters are there.
    """

    concat = staticmethod(concatenate)
    intercepted_binops = frozenset(("*", "**", "+", "%"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.globals["range"] = _bounded_range
        del self.globals["lipsum"]  # filler of any length
        self.filters |= {ROUNDS_FILTER: count_rounds, CONCAT_FILTER: concatenate_values}

    def _generate(self, source: nodes.Template, *arguments: Any, **options: Any) -> str:
        """Generate the code of templates and expressions with their loops and texts bounded."""
        return super()._generate(BoundingTransformer().visit(source), *arguments, **options)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a key of data before a method of its type: `order.items` are the items of the order."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        spend()
        if operator == "**":
            raise SecurityError("powers are not supported here")
        if operator == "*":
            _check_product(left, right)
        elif operator == "+" and isinstance(left, _SIZED_TYPES) and isinstance(right, _SIZED_TYPES):
            _check_size(len(left) + len(right))
        elif operator == "%" and isinstance(left, str) and _WIDE_PERCENT_FORMAT.search(left):
            raise SecurityError("this would be too wide")
        return _check_result(super().call_binop(context, operator, left, right))

    def call(self, context: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        spend(rounds=1)  # macros may call each other recursively
        if isinstance(function, LoopContext) and args:
            args = (count_rounds(args[0]), *args[1:])
        method = getattr(function, "__wrapped__", function)  # Jinja wraps `format`
        owner, name = getattr(method, "__self__", None), getattr(method, "__name__", "")
        if isinstance(owner, str | int) and name in _FORBIDDEN_METHODS:
            raise SecurityError(f"{name} is not available here")
        if isinstance(owner, str):
            if name == "join" and args and isinstance(args[0], Iterable):
                args = (list(args[0]), *args[1:])
            _check_method_call(owner, name, args)
        return _check_result(super().call(context, function, *args, **kwargs))


def add_filter_limits(environment: BoundedSandbox) -> BoundedSandbox:
    """Bound the filters and tests of the environment too."""
    filters = environment.filters
    looks = {**dict.fromkeys(_FILTERS_WITH_NUMBERS, _check_widths), "format": _check_format}
    for name, look in {**looks, "replace": _check_replace}.items():
        filters[name] = _with_argument_check(filters[name], look)
    for name in filters.keys() - {ROUNDS_FILTER, CONCAT_FILTER}:
        most = MAX_RESULT_LENGTH if name in _WALKING_FILTERS else MAX_OUTPUT_LENGTH
        filters[name] = _with_bounds(filters[name], most)
    for name in ("in", "eq", "equalto", "==", "ne", "!="):  # slow for long values
        environment.tests[name] = _with_bounds(cast("Any", environment.tests[name]), MAX_OUTPUT_LENGTH)
    return environment


def _with_bounds(function: Callable[..., Any], most: int) -> Callable[..., Any]:
    """Return the filter or test with its time, the size of its values and of its result bounded."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        spend()
        for value in args:
            if isinstance(value, _SIZED_TYPES) and len(value) > most:
                raise SecurityError("this is too long for it")
        result = _check_result(function(*args, **kwargs))
        return spend_time(result) if isinstance(result, Generator) else result

    return call


def _check_result(result: Any) -> Any:
    if isinstance(result, _SIZED_TYPES) and len(result) > MAX_OUTPUT_LENGTH:
        raise SecurityError("this would be too long")
    return result


def _bounded_range(*bounds: int) -> range:
    """`range` with a bound on its numbers."""
    result = range(*bounds)
    if len(result) > MAX_RANGE_LENGTH:
        raise SecurityError(f"a range has {MAX_RANGE_LENGTH} numbers at most")
    return result


def _with_argument_check(function: Callable[..., Any], look: Callable[..., None]) -> Callable[..., Any]:
    """Return the filter with its value and arguments checked first."""
    is_handed_more = hasattr(function, "jinja_pass_arg")  # Jinja passes it before the value

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        look(*args[1 if is_handed_more else 0 :], *kwargs.values())
        return function(*args, **kwargs)

    return call


def _check_size(size: int) -> None:
    if size > MAX_RESULT_LENGTH:
        raise SecurityError("this would be too long")


def _check_product(left: Any, right: Any) -> None:
    sizes = [len(side) if isinstance(side, _SIZED_TYPES) else abs(side) for side in (left, right)]
    if sizes[0] * sizes[1] > MAX_RESULT_LENGTH * MAX_RESULT_LENGTH:
        raise SecurityError("this would be too large")
    if isinstance(left, _SIZED_TYPES) or isinstance(right, _SIZED_TYPES):
        _check_size(sizes[0] * sizes[1])


def _check_widths(_: Any, *numbers: Any) -> None:
    if any(isinstance(number, int) and abs(number) > MAX_WIDTH for number in numbers):
        raise SecurityError("this would be too wide")


def _check_format(form: Any, *_: Any) -> None:
    if _WIDE_PERCENT_FORMAT.search(str(form)):
        raise SecurityError("this would be too wide")


def _check_replace(text: Any, old: Any = "", new: Any = "", *_: Any) -> None:
    text, old, new = str(text), str(old), str(new)
    _check_size((text.count(old) if old else len(text) + 1) * len(new))


def _check_method_call(owner: str, name: str, args: tuple[Any, ...]) -> None:
    if name in _PADDING_METHODS:
        _check_widths(owner, *args)
    elif name in ("format", "format_map") and _WIDE_BRACE_FORMAT.search(owner):
        raise SecurityError("this would be too wide")
    elif name == "replace":
        _check_replace(owner, *args)
    elif name == "join" and args and isinstance(args[0], list):
        _check_size(len(owner) * len(args[0]))
