"""Sandboxed Jinja templates with context-aware escaping."""

from __future__ import annotations

from flows.templating.environment import TemplateValues
from flows.templating.escaping import EMPTY_VALUE_MARK, OutputContext, TrustedText
from flows.templating.references import referenced_names, referenced_secrets, values_to_redact
from flows.templating.syntax_check import (
    expression_error,
    is_attribute,
    read_attributes,
    template_error,
    unset_names,
)
from flows.templating.template import (
    MAX_TEXT_LENGTH,
    Expression,
    Guard,
    RenderError,
    TextTemplate,
    normalize_prompt,
)

__all__ = [
    "EMPTY_VALUE_MARK",
    "MAX_TEXT_LENGTH",
    "Expression",
    "Guard",
    "OutputContext",
    "RenderError",
    "TemplateValues",
    "TextTemplate",
    "TrustedText",
    "expression_error",
    "is_attribute",
    "normalize_prompt",
    "read_attributes",
    "referenced_names",
    "referenced_secrets",
    "template_error",
    "unset_names",
    "values_to_redact",
]
