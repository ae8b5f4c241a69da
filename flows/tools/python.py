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

from core.errors import ConfigurationError
from flows.tools.results import failure_result, truncate
from flows.tools.thread_pool import DaemonThreadPool, ToolCrashed
from flows.tools.types import ToolDefinition

log = logging.getLogger("turngate.tools")

_F = TypeVar("_F", bound=Callable[..., Any])
_OPTIONS_ATTRIBUTE = "__turngate_tool__"


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
class _ToolOptions:
    reads_only: bool = False
    timeout: float = 30.0
    retries: int = 0


def tool(*, reads_only: bool = False, timeout: float = 30.0, retries: int = 0) -> Callable[[_F], _F]:
    """Say more about a function that is given as a tool.

    `reads_only`: it changes nothing, so a turn that has called it may still be begun anew. `timeout` is in
    seconds and bounds the call with its `retries`.
    """

    def order(function: _F) -> _F:
        setattr(function, _OPTIONS_ATTRIBUTE, _ToolOptions(reads_only, timeout, retries))
        return function

    return order


def is_tool(value: object) -> bool:
    """Whether this is a function that was marked with `@tool()`."""
    return inspect.isfunction(value) and hasattr(value, _OPTIONS_ATTRIBUTE)


@dataclass(frozen=True, slots=True)
class PythonTool:
    """A function with its schema."""

    function: Callable[..., Any]
    definition: ToolDefinition
    arguments_model: type[BaseModel]
    options: _ToolOptions
    context_parameter: str
    thread_pool: DaemonThreadPool = field(default_factory=DaemonThreadPool, repr=False, compare=False)

    @property
    def has_side_effects(self) -> bool:
        """Whether it may change something."""
        return not self.options.reads_only

    async def run(self, arguments: Mapping[str, JsonValue], context: Context) -> dict[str, JsonValue]:
        """Call it; what it came to, as an action's result. It never raises. A sync one runs in a thread."""
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
        except Exception as error:  # a tool may fail in any way, and its words may hold secrets
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
        except SystemExit as error:  # it would end the loop, and with it all sessions
            raise ToolCrashed(type(error).__name__) from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise ToolCrashed(type(error).__name__) from error  # what the tool itself has called off


def build_python_tools(functions: Iterable[Callable[..., Any]]) -> dict[str, PythonTool]:
    """The tools by name. Raises `ConfigurationError` for one that cannot be offered to a model."""
    made = [_build_tool(function) for function in functions]
    tools = {each.definition.name: each for each in made}
    if len(tools) < len(made):
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
    except Exception as error:  # pydantic raises of many kinds for a type that it cannot describe
        raise ConfigurationError(f"tool {name}: {error}") from error
    description = inspect.cleandoc(function.__doc__ or name.replace("_", " "))
    orders = getattr(function, _OPTIONS_ATTRIBUTE, _ToolOptions())
    return PythonTool(function, ToolDefinition(name, description, schema), arguments, orders, context)


def _is_context(hint: object) -> bool:
    """Whether it is the type `Context`, or one that may be one."""
    return hint is Context or any(map(_is_context, get_args(hint)))
