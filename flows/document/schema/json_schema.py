"""The published JSON Schema of the flow format, generated from the models."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from flows.document.expansion import AUTHOR_NODES, FaqEntry
from flows.document.flow import Flow
from flows.document.schema.descriptions import FIELD_DESCRIPTIONS
from flows.document.validation import EDGE_ID

_FIELD_ALIASES = {
    "Flow": {"actions": "global_actions", "environment_variables": "env_vars"},
    "Action": {"body": "body_template"},
    "ActionTrigger": {"trigger": "trigger_type"},
}


def build_flow_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a flow in the native format, key aliases included."""
    schema = Flow.model_json_schema(mode="validation")
    _add_author_nodes(schema)
    parts = {**schema["$defs"], "Flow": schema}
    for part, meanings in FIELD_DESCRIPTIONS.items():
        for key, meaning in meanings.items():
            parts[part]["properties"][key]["description"] = meaning
    for part in ("Edge", "Tool"):
        parts[part]["properties"]["id"]["pattern"] = f"^{EDGE_ID.pattern}$"
    for part, names in _FIELD_ALIASES.items():
        _add_aliases(parts[part], names)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Turngate flow"}


def _add_author_nodes(schema: dict[str, Any]) -> None:
    """Add what a flow may have in its file that is expanded when it is loaded."""
    models = (*AUTHOR_NODES.values(), FaqEntry)
    modes = [(model, "validation") for model in models]
    _, definitions = models_json_schema(modes, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    schema["$defs"] |= definitions["$defs"]
    nodes = [{"$ref": f"#/$defs/{name}"} for name in ("Node", *(each.__name__ for each in models[:-1]))]
    schema["properties"]["nodes"]["items"] = {"anyOf": nodes}
    schema["properties"]["faq"] = {
        "title": "Faq",
        "description": "Questions and their answers, or the name of a CSV or Markdown file with them.",
        "anyOf": [{"type": "array", "items": {"$ref": "#/$defs/FaqEntry"}}, {"type": "string"}],
    }


def _add_aliases(part: dict[str, Any], names: dict[str, str]) -> None:
    for name, other in names.items():
        part["properties"][other] = part["properties"][name]
        if name in part.get("required", []):
            part["required"].remove(name)
            part["anyOf"] = [{"required": [name]}, {"required": [other]}]
