"""Python functions as tools: the schema comes from the signature, and arguments are validated against it."""

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

from core.errors import ConfigurationError
from flows.tools.results import failure_result, truncate
from flows.tools.thread_pool import DaemonThreadPool, ToolCrashed
from flows.tools.types import ToolDefinition

log = logging.getLogger("turngate.tools")

_F = TypeVar("_F", bound=Callable[..., Any])
_OPTIONS_ATTRIBUTE = "__turngate_tool__"


class ToolError(Exception):
    """Raised by a tool to give the model an error message. Messages of other exceptions are not passed on."""


@dataclass(frozen=True, slots=True)
class Context:
    """Context of a tool call, passed to a parameter of this type; the model neither sees nor fills it.

    `key` is the idempotency key: the same when the same call is retried. `message` has the data of the user's
    message, as templates see it: text, kind, location, form and so on.
    """

    session: str
    turn: str
    key: str
    slots: Mapping[str, JsonValue]
    message: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _ToolOptions:
    reads_only: bool = False
    timeout: float = 30.0
    retries: int = 0


def tool(*, reads_only: bool = False, timeout: float = 30.0, retries: int = 0) -> Callable[[_F], _F]:
    """Set options of a function that is used as a tool.

    `reads_only` says that it has no side effects, so that a turn which called it may be restarted. `timeout`
    limits the call with its `retries`, in seconds.
    """

    def order(function: _F) -> _F:
        setattr(function, _OPTIONS_ATTRIBUTE, _ToolOptions(reads_only, timeout, retries))
        return function

    return order


def is_tool(value: object) -> bool:
    """Return whether the function is marked with `@tool()`."""
    return inspect.isfunction(value) and hasattr(value, _OPTIONS_ATTRIBUTE)


@dataclass(frozen=True, slots=True)
class PythonTool:
    """A function with its schema and options."""

    function: Callable[..., Any]
    definition: ToolDefinition
    arguments_model: type[BaseModel]
    options: _ToolOptions
    context_parameter: str
    thread_pool: DaemonThreadPool = field(default_factory=DaemonThreadPool, repr=False, compare=False)

    @property
    def has_side_effects(self) -> bool:
        """True if the function may change something."""
        return not self.options.reads_only

    async def run(self, arguments: Mapping[str, JsonValue], context: Context) -> dict[str, JsonValue]:
        """Call the function, a sync one in a thread, and return an action's result. Never raises."""
        try:
            checked = self.arguments_model.model_validate(dict(arguments))
        except ValidationError as error:
            return failure_result(
                "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
            )
        named = {name: getattr(checked, name) for name in self.arguments_model.model_fields}
        if self.context_parameter:
            named[self.context_parameter] = context
        try:
            async with asyncio.timeout(self.options.timeout):
                value = await self._call_with_retries(named)
            plain = truncate(to_jsonable_python(value))
        except TimeoutError:
            return failure_result(f"no answer within {self.options.timeout:g} seconds")
        except ToolError as error:
            return failure_result(str(error))
        except (PydanticSerializationError, RecursionError):
            return failure_result("the answer is not JSON")
        except ToolCrashed as error:
            log.error("tool %s failed: %s", self.definition.name, error)
            return failure_result("it failed")
        except Exception as error:  # a tool may fail in any way, and its message may contain secrets
            log.error("tool %s failed: %s", self.definition.name, type(error).__name__)
            return failure_result("it failed")
        return {"success": True, "data": plain}

    async def _call_with_retries(self, named: dict[str, Any]) -> object:
        for left in range(self.options.retries, -1, -1):
            try:
                return await self._call_once(named)
            except ToolError:
                raise
            except Exception:
                if not left:
                    raise
        raise AssertionError("the last try returns or raises")

    async def _call_once(self, named: dict[str, Any]) -> object:
        call = partial(self.function, **named)
        value = call() if inspect.iscoroutinefunction(self.function) else await self.thread_pool.run(call)
        if not inspect.isawaitable(value):
            return value
        try:
            return await value
        except SystemExit as error:  # it would end the event loop, and all sessions with it
            raise ToolCrashed(type(error).__name__) from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise ToolCrashed(type(error).__name__) from error  # cancelled by the tool itself


def build_python_tools(functions: Iterable[Callable[..., Any]]) -> dict[str, PythonTool]:
    """Return the tools by name. Raises `ConfigurationError` for one that a model cannot call."""
    built = [_build_tool(function) for function in functions]
    tools = {each.definition.name: each for each in built}
    if len(tools) < len(built):
        raise ConfigurationError("two tools have the same name; a model could not tell them apart")
    return tools


def _build_tool(function: Callable[..., Any]) -> PythonTool:
    name = getattr(function, "__name__", "")
    if not name.isidentifier() or len(name) > 64:
        raise ConfigurationError(f"{function!r} cannot be a tool: give it a name, with def")
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise ConfigurationError(
            f"tool {name}: the types of its signature cannot be read: {error}"
        ) from error
    fields: dict[str, Any] = {}
    context = ""
    for parameter in inspect.signature(function).parameters.values():
        if _is_context(hints.get(parameter.name)):
            context = parameter.name
            continue
        if parameter.name.startswith("_"):
            if parameter.default is parameter.empty:
                raise ConfigurationError(
                    f"tool {name}: the parameter {parameter.name} begins with “_”: rename it"
                )
            continue
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise ConfigurationError(
                f"tool {name}: the parameter {parameter} has no name that a model could fill"
            )
        if parameter.name not in hints:
            raise ConfigurationError(f"tool {name}: the parameter {parameter.name} needs a type")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    try:
        arguments = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
        schema = arguments.model_json_schema()
    except Exception as error:  # pydantic raises many types of errors for a type that it cannot describe
        raise ConfigurationError(f"tool {name}: {error}") from error
    description = inspect.cleandoc(function.__doc__ or name.replace("_", " "))
    orders = getattr(function, _OPTIONS_ATTRIBUTE, _ToolOptions())
    return PythonTool(function, ToolDefinition(name, description, schema), arguments, orders, context)


def _is_context(hint: object) -> bool:
    """Return whether the annotation is `Context` or a union with it."""
    return hint is Context or any(map(_is_context, get_args(hint)))
