"""Python functions that a model may call: the schema comes from the signature, the arguments are checked."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, create_model
from pydantic_core import PydanticSerializationError, to_jsonable_python

from core.errors import Misconfigured
from flows.tools.results import failed, shortened
from flows.tools.thread_pool import Broken, Threads
from flows.tools.types import Function

log = logging.getLogger("turngate.tools")

_F = TypeVar("_F", bound=Callable[..., Any])
_ORDERS = "__turngate_tool__"


class ToolError(Exception):
    """Raised in a tool: the message is told to the model. Any other exception's message is not."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a tool may ask for by a parameter of this type; the model neither sees nor fills it.

    `key` is the same when the same call is made again, so that what was done once need not be done twice.
    """

    session: str
    turn: str
    key: str
    slots: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class _Orders:
    reads_only: bool = False
    timeout: float = 30.0
    retries: int = 0


def tool(*, reads_only: bool = False, timeout: float = 30.0, retries: int = 0) -> Callable[[_F], _F]:
    """Say more about a function that is given as a tool.

    `reads_only`: it changes nothing, so a turn that has called it may still be begun anew. `timeout` is in
    seconds and bounds the call with its `retries`.
    """

    def order(function: _F) -> _F:
        setattr(function, _ORDERS, _Orders(reads_only, timeout, retries))
        return function

    return order


def is_tool(value: object) -> bool:
    """Whether this is a function that was marked with `@tool()`."""
    return inspect.isfunction(value) and hasattr(value, _ORDERS)


@dataclass(frozen=True, slots=True)
class PythonTool:
    """A function with its schema."""

    function: Callable[..., Any]
    offer: Function
    arguments: type[BaseModel]
    orders: _Orders
    context: str
    threads: Threads = field(default_factory=Threads, repr=False, compare=False)

    @property
    def acts(self) -> bool:
        """Whether it may change something."""
        return not self.orders.reads_only

    async def run(self, arguments: Mapping[str, JsonValue], context: Context) -> dict[str, JsonValue]:
        """Call it; what it came to, as an action's result. It never raises. A sync one runs in a thread."""
        try:
            checked = self.arguments.model_validate(dict(arguments))
        except ValidationError as error:
            return failed(
                "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
            )
        named = {name: getattr(checked, name) for name in self.arguments.model_fields}
        if self.context:
            named[self.context] = context
        try:
            async with asyncio.timeout(self.orders.timeout):
                value = await self._tried(named)
            plain = shortened(to_jsonable_python(value))
        except TimeoutError:
            return failed(f"no answer within {self.orders.timeout:g} seconds")
        except ToolError as error:
            return failed(str(error))
        except (PydanticSerializationError, RecursionError):
            return failed("the answer is not JSON")
        except Broken as error:
            log.error("tool %s failed: %s", self.offer.name, error)
            return failed("it failed")
        except Exception as error:  # a tool may fail in any way, and its words may hold secrets
            log.error("tool %s failed: %s", self.offer.name, type(error).__name__)
            return failed("it failed")
        return {"success": True, "data": plain}

    async def _tried(self, named: dict[str, Any]) -> object:
        for left in range(self.orders.retries, -1, -1):
            try:
                return await self._called(named)
            except ToolError:
                raise
            except Exception:
                if not left:
                    raise
        raise AssertionError("the last try returns or raises")

    async def _called(self, named: dict[str, Any]) -> object:
        call = partial(self.function, **named)
        value = call() if inspect.iscoroutinefunction(self.function) else await self.threads.run(call)
        if not inspect.isawaitable(value):
            return value
        try:
            return await value
        except SystemExit as error:  # it would end the loop, and with it all sessions
            raise Broken(type(error).__name__) from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise Broken(type(error).__name__) from error  # what the tool itself has called off


def python_tools(functions: Iterable[Callable[..., Any]]) -> dict[str, PythonTool]:
    """The tools by name. Raises `Misconfigured` for one that cannot be offered to a model."""
    made = [_made(function) for function in functions]
    tools = {each.offer.name: each for each in made}
    if len(tools) < len(made):
        raise Misconfigured("two tools have the same name; a model could not tell them apart")
    return tools


def _made(function: Callable[..., Any]) -> PythonTool:
    name = getattr(function, "__name__", "")
    if not name.isidentifier() or len(name) > 64:
        raise Misconfigured(f"{function!r} cannot be a tool: give it a name, with def")
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise Misconfigured(f"tool {name}: the types of its signature cannot be read: {error}") from error
    fields: dict[str, Any] = {}
    context = ""
    for parameter in inspect.signature(function).parameters.values():
        if _is_context(hints.get(parameter.name)):
            context = parameter.name
            continue
        if parameter.name.startswith("_"):
            if parameter.default is parameter.empty:
                raise Misconfigured(f"tool {name}: the parameter {parameter.name} begins with “_”: rename it")
            continue
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise Misconfigured(f"tool {name}: the parameter {parameter} has no name that a model could fill")
        if parameter.name not in hints:
            raise Misconfigured(f"tool {name}: the parameter {parameter.name} needs a type")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    try:
        arguments = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
        schema = arguments.model_json_schema()
    except Exception as error:  # pydantic raises of many kinds for a type that it cannot describe
        raise Misconfigured(f"tool {name}: {error}") from error
    description = inspect.cleandoc(function.__doc__ or name.replace("_", " "))
    orders = getattr(function, _ORDERS, _Orders())
    return PythonTool(function, Function(name, description, schema), arguments, orders, context)


def _is_context(hint: object) -> bool:
    """Whether it is the type `Context`, or one that may be one."""
    return hint is Context or any(map(_is_context, get_args(hint)))
