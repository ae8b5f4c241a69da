"""Warns of slot descriptions that do not fit into a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.document import Flow, Issue

_QUESTION_WORDS = re.compile(
    r"(?:how|what|which|when|where|who|whose|whether|why"
    r"|wie|was|welche[rsnm]?|wann|wo|wer|ob|warum"
    r"|cómo|qué|cuál|cuáles|cuándo|dónde|quién|cuánto|cuántos|cuántas|por qué)\b",
    re.IGNORECASE,
)


def find_unreadable_descriptions(flow: Flow) -> Iterator[Issue]:
    """Yield the descriptions that are questions or sentences: users read them inside of a sentence."""
    edges = [*flow.global_edges, *(edge for node in flow.nodes for edge in node.edges)]
    seen = set()
    for edge in edges:
        properties = (edge.input_schema or {}).get("properties")
        for name, schema in properties.items() if isinstance(properties, dict) else ():
            text = schema.get("description") if isinstance(schema, dict) else None
            if isinstance(text, str) and (name, text) not in seen and _is_no_noun(text.strip()):
                seen.add((name, text))
                yield Issue(
                    f"edge {edge.id}",
                    f"Users read “I still need {text.strip()}”: write the description of {name} as a noun "
                    "with its article, such as “your phone number”.",
                )


def _is_no_noun(text: str) -> bool:
    return bool(_QUESTION_WORDS.match(text)) or text.endswith(("?", "."))
