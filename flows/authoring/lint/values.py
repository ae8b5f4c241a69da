"""Finds templates that use names that nothing sets, or that fail with the values they will get."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from flows.authoring.lint.sample_values import ENGINE_TEXTS, sample_values, tool_names
from flows.authoring.lint.template_sources import iter_sources
from flows.compiled import compile_flow
from flows.document import Flow, Issue
from flows.templating import (
    RenderError,
    TextTemplate,
    referenced_secrets,
    unset_names,
)

_ENGINE_NAMES = frozenset(
    (
        "message", "slots", "results", "actions", "userdata", "env", "secrets", "undelivered",
        "current_date", "current_time", "current_time_Asia_Kolkata", "current_language",
    )
)  # fmt: skip
_SINGLE_BRACES = re.compile(r"(?<!\{)\{ ?([A-Za-z_]\w*) ?\}(?!\})")
_PYTHON_OBJECT = re.compile(
    r"<(?:built-in |bound |class '|function |generator |method |filter |map |[\w.]+ object )[^>]*>?"
    r"|range\(\d+, \d+\)"
)


def find_unknown_names(flow: Flow) -> Iterator[Issue]:
    """Return the names in templates that nothing in the flow sets."""
    known = _ENGINE_NAMES | sample_values(flow, compile_flow(flow)).keys() | tool_names(flow)
    for where, source in iter_sources(flow):
        if not where.startswith("action ") and referenced_secrets(source):
            yield Issue(
                where, "secrets are empty here: they are for the url, headers and body of calls alone."
            )
        for name in sorted(unset_names(source) - known):
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean “{near[0]}”?" if near else "."
            yield Issue(
                where,
                f"Nothing in the flow sets “{name}”: it is empty unless the caller's context has it{hint}",
            )


def find_unmarked_names(flow: Flow) -> Iterator[Issue]:
    """Return the slots and variables that texts name in single braces, which are shown as they are."""
    known = sample_values(flow, compile_flow(flow)).keys()
    for where, source in iter_sources(flow):
        if not where.startswith("action "):
            for name in dict.fromkeys(_SINGLE_BRACES.findall(source)):
                if name in known:
                    yield Issue(where, f"“{{{name}}}” is shown as it is: write {{{{ {name} }}}}.")


def find_failing_templates(flow: Flow) -> Iterator[Issue]:
    """Return the texts that cannot be computed from values of the kinds that the slots have."""
    compiled = compile_flow(flow)
    values = sample_values(flow, compiled)
    data: dict[str, Any] = {
        **ENGINE_TEXTS, **values, "slots": values,
        "results": {}, "env": {}, "actions": {}, "userdata": {}, "message": {},
    }  # fmt: skip
    for where, source in iter_sources(flow):
        if where.startswith("action "):
            continue
        try:
            shown = TextTemplate(source).render_strict(data)
        except RenderError:
            yield Issue(
                where,
                "A template here fails with values of the kinds that the slots have, and is then empty: "
                f"{source[:80]}",
            )
        else:
            if found := _PYTHON_OBJECT.search(shown):
                yield Issue(
                    where,
                    f"A template here shows “{found[0][:40]}” in place of a text: call a method with (), and "
                    f"end a list with | join(', '): {source[:80]}",
                )
