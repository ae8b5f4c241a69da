"""The graph that author nodes are expanded to: nodes, edges and their texts in each language."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.document.traversal import Document, get_mapping, iter_edges, iter_objects
from flows.locales import LocaleMessages, find_language, messages_for
from flows.text import normalize

Json = dict[str, Any]

_NO_FUNCTION_NAME = re.compile(r"[^A-Za-z0-9_-]")


@dataclass
class Graph:
    """Nodes, global edges and languages of the expanded document.

    `node_places` and `edge_places` are the paths in the author's document of each node and global edge.
    """

    language: str
    languages: Json
    nodes: list[Json] = field(default_factory=list)
    node_places: list[str] = field(default_factory=list)
    global_edges: list[Json] = field(default_factory=list)
    edge_places: list[str] = field(default_factory=list)
    _node_ids: set[str] = field(default_factory=set)
    _edge_ids: set[str] = field(default_factory=set)

    @classmethod
    def of_document(cls, document: Document) -> Graph:
        """Return a graph without nodes that knows the ids and the languages of a document."""
        languages = document.get("languages")
        graph = cls(
            _own_language(document), copy.deepcopy(dict(languages)) if isinstance(languages, Mapping) else {}
        )
        graph._node_ids = {str(node.value.get("id")) for node in iter_objects(document, "nodes")}
        graph._edge_ids = {str(edge.value.get("id")) for edge in iter_edges(document)}
        return graph

    def add_node(self, node: Json, place: str) -> None:
        """Add a node that stands for the author's at `place`; keys without a value are left out."""
        self.nodes.append({key: value for key, value in node.items() if value not in (None, "", (), [])})
        self.node_places.append(place)

    def node_id(self, name: str, owner: str) -> str:
        """Return an id for a node: the name, prefixed with its owner's id if the name is taken."""
        return _free_name(name, owner, self._node_ids)

    def edge_id(self, name: str, owner: str) -> str:
        """Return an id for an edge, in the same way."""
        return _free_name(name, _NO_FUNCTION_NAME.sub("_", owner), self._edge_ids)

    def reserve_edge_id(self, name: str) -> None:
        """Reserve an id of the author's."""
        self._edge_ids.add(name)

    def release_edge_ids(self, names: Iterable[str]) -> None:
        """Release the reserved ids for the edges that they were reserved for."""
        self._edge_ids -= set(names)

    @property
    def codes(self) -> tuple[str, ...]:
        """The languages that the document is translated to."""
        return tuple(code for code, texts in self.languages.items() if isinstance(texts, Mapping))

    @property
    def messages(self) -> LocaleMessages:
        """The engine's own messages in the document's language."""
        return messages_for(self.language)

    def texts_of(self, code: str, group: str, name: str) -> Document:
        """Return the author's translation of a node, a slot or an entry of `faq`."""
        return get_mapping(get_mapping(self.languages[code], group), name)

    def take_texts(self, code: str, group: str, name: str) -> Document:
        """Return the author's translation of a part that has no counterpart in the graph, and remove it."""
        texts = self.texts_of(code, group, name)
        if texts:
            self.languages[code][group].pop(name)
        return texts

    def translate(self, code: str, group: str, name: str, texts: Json) -> None:
        """Add the translation of a node or an edge; of equal keys the author's count."""
        known = {key: value for key, value in texts.items() if value not in (None, "", (), [])}
        if not known:
            return
        parts = self.languages[code].setdefault(group, {})
        if isinstance(parts, dict) and isinstance(parts.setdefault(name, {}), dict):
            parts[name] = {**known, **parts[name]}

    def add_keywords(self, code: str, name: str, words: Iterable[str]) -> None:
        """Add words that select an edge in another language to those of the author."""
        edges = self.languages[code].setdefault("edges", {})
        own = edges.setdefault(name, {}) if isinstance(edges, dict) else None
        if isinstance(own, dict):
            given = own.get("keywords")
            listed = given if isinstance(given, list | tuple) else ()
            edges[name] = {**own, "keywords": list(dict.fromkeys((*listed, *words)))}


def _own_language(document: Document) -> str:
    name = str(document.get("agent_language") or "").strip().lower()
    return find_language(normalize(name)) or name[:2] or "en"


def _free_name(name: str, owner: str, taken: set[str]) -> str:
    candidates: Iterable[str] = (name, f"{owner}_{name}", *(f"{owner}_{name}_{n}" for n in range(2, 100)))
    chosen = next(each[:64] for each in candidates if each[:64] not in taken)
    taken.add(chosen)
    return chosen


def edge(name: str, target: str, condition: str, **more: Any) -> Json:
    """Return an edge."""
    given = {key: value for key, value in more.items() if value not in (None, "", (), [])}
    return {"id": name, "condition": condition, "target_node_id": target, **given}
