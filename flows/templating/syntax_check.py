"""Checks of templates and expressions before a flow runs, and the names that they use."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jinja2 import TemplateAssertionError, TemplateSyntaxError, Undefined, meta, nodes

from flows.templating.environment import DEFAULT_ENVIRONMENT, compile_expression, compile_template

_CROSS_TEMPLATE_NODES = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


def template_error(source: str) -> str:
    """Return why a template is invalid, or an empty string."""
    return (
        ""
        if "{" not in source
        else _compile_error("template", source, lambda: compile_template(source, "text"))
    )


def expression_error(source: str) -> str:
    """Return why an expression such as a guard is invalid, or an empty string."""
    return _compile_error("expression", f"{{{{ {source} }}}}", lambda: compile_expression(source))


def unset_names(source: str) -> frozenset[str]:
    """Return the names that a valid template takes from the conversation's values."""
    return frozenset(meta.find_undeclared_variables(DEFAULT_ENVIRONMENT.parse(source)))


def read_attributes(source: str) -> Iterator[tuple[str, str]]:
    """Yield the attributes that a valid template reads, each with the name that it reads it of.

    That is empty for an attribute of anything but a value of the conversation.
    """
    parsed = DEFAULT_ENVIRONMENT.parse(source)
    own = {name.name for name in parsed.find_all(nodes.Name) if name.ctx != "load"}
    for part in parsed.find_all((nodes.Getattr, nodes.Getitem, nodes.Filter)):
        match part:
            case nodes.Getattr(node=owner, attr=name):
                pass
            case nodes.Getitem(node=owner, arg=nodes.Const(value=str(name))):
                pass
            case nodes.Filter(name="attr", node=owner, args=[nodes.Const(value=str(name)), *_]):
                pass
            case _:
                continue
        yield (owner.name if isinstance(owner, nodes.Name) and owner.name not in own else ""), name


def is_attribute(value: object, name: str) -> bool:
    """Return whether a template may read an attribute of a value: a key, an item or a safe method."""
    found = DEFAULT_ENVIRONMENT.getattr(value, name)
    return not isinstance(found, Undefined)


def _compile_error(kind: str, source: str, compile_it: Callable[[], object]) -> str:
    try:
        compile_it()
        return next(_find_unsupported_nodes(DEFAULT_ENVIRONMENT.parse(source)), "")
    except TemplateAssertionError as error:
        return next(
            _find_unsupported_nodes(DEFAULT_ENVIRONMENT.parse(source)),
            f"This is not a Jinja {kind}: {error.message}.",
        )
    except TemplateSyntaxError as error:
        line = f" (line {error.lineno})" if kind == "template" else ""
        return f"This is not a Jinja {kind}: {(error.message or '').rstrip('.')}{line}."
    except SyntaxError as error:  # in the Python code that Jinja generates
        return f"This is not a Jinja {kind}: {error.msg}."
    except (RecursionError, MemoryError, ValueError, OverflowError):
        return f"This Jinja {kind} is nested too deeply, or a number in it is too large."


def _find_unsupported_nodes(parsed: nodes.Template) -> Iterator[str]:
    """Yield the errors that Jinja itself reports only while rendering, if at all."""
    for part in parsed.find_all((nodes.Filter, nodes.Test, nodes.Macro, *_CROSS_TEMPLATE_NODES)):
        if isinstance(part, nodes.Filter) and part.name not in DEFAULT_ENVIRONMENT.filters:
            yield f"Jinja has no filter “{part.name}”."
        elif isinstance(part, nodes.Test) and part.name not in DEFAULT_ENVIRONMENT.tests:
            yield f"Jinja has no test “{part.name}”."
        elif isinstance(part, nodes.Macro) and any(
            _is_call_of(call, part.name) for call in part.find_all(nodes.Call)
        ):
            yield f"The macro “{part.name}” calls itself."
        elif isinstance(part, _CROSS_TEMPLATE_NODES):
            yield "Templates cannot include, import or extend others here."


def _is_call_of(call: nodes.Call, name: str) -> bool:
    return isinstance(call.node, nodes.Name) and call.node.name == name
