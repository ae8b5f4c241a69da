"""Constructors that load a flow from a file, a text or an agent's settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import PrivateAttr, ValidationError

from flows.document.errors import FlowError, FlowNotFound, Issue
from flows.document.expansion import Expansion, expand_document, has_author_nodes
from flows.document.model.base import FlowModel
from flows.document.react_flow import convert_react_flow, is_react_flow, to_export_path
from flows.document.reading.parser import find_duplicate_keys, is_yaml, parse_json, parse_yaml, read_text
from flows.document.reading.playbook import playbook_form, playbook_issue
from flows.document.validation import describe_value, find_dropped_values, issues_from_pydantic, validate_flow
from flows.library import find_flow_file, library_flows

_NO_OBJECT = "A flow is an object with system_prompt, initial_node and nodes, and this is {found}."
_EMPTY_VALUES = ("", "{}", "[]", "null", "~")


class FlowLoader(FlowModel):
    """A mixin of constructors, under our own names and under those of superdialog."""

    _load_warnings: tuple[Issue, ...] = PrivateAttr(())
    """Content of the file that is not part of the flow."""

    _source: dict[str, Any] | None = PrivateAttr(None)
    """The author's document, where it has author nodes."""

    _places: tuple[tuple[str, ...], tuple[str, ...]] = PrivateAttr(((), ()))
    """The author's path of each node and of each global edge, where the document was expanded."""

    _files: tuple[Path, ...] = PrivateAttr(())
    """Files that the document names, such as that of `faq`."""

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Load a JSON or YAML file, by its extension, or a flow of the library, by its name.

        Raises `FlowError` with every issue, and `FlowNotFound` with the names of the library.
        """
        file = find_flow_file(path)
        try:
            return cls.from_yaml_file(file) if is_yaml(file) else cls.from_json_file(file)
        except FlowNotFound as error:
            names = ", ".join(library_flows())
            problem = f"There is no such file. Flows of the library: {names}."
            raise FlowNotFound(str(path), [Issue("", problem)]) from error

    @classmethod
    def from_json(cls, text: str, *, source: str = "flow") -> Self:
        """Read a document from JSON text; `source` names it in the error. Raises `FlowError`."""
        return cls._from_document(parse_json(text, source), source)

    @classmethod
    def from_yaml(cls, text: str, *, source: str = "flow") -> Self:
        """Read a document from YAML text; `source` names it in the error. Raises `FlowError`."""
        return cls._from_document(parse_yaml(text, source), source)

    @classmethod
    def from_json_file(cls, path: str | Path) -> Self:
        """Read a JSON file. Raises `FlowError`."""
        return cls._from_document(parse_json(read_text(path), str(path)), str(path), Path(path).parent)

    @classmethod
    def from_yaml_file(cls, path: str | Path) -> Self:
        """Read a YAML file. Raises `FlowError`."""
        return cls._from_document(parse_yaml(read_text(path), str(path)), str(path), Path(path).parent)

    @classmethod
    def from_json_string(cls, text: str) -> Self:
        """Read a document from JSON text. Raises `FlowError`."""
        return cls.from_json(text)

    @classmethod
    def from_yaml_string(cls, text: str) -> Self:
        """Read a document from YAML text. Raises `FlowError`."""
        return cls.from_yaml(text)

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read a file whose name ends in .json, .yaml or .yml. Raises `FlowError`, also for any other."""
        if not is_yaml(path) and Path(path).suffix.lower() != ".json":
            raise FlowError(str(path), [Issue("", "The name must end in .json, .yaml or .yml.")])
        return cls.load(path)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self | None:
        """Load the flow that an agent's settings name or contain, or None. Raises `FlowError`.

        The first of these keys counts: `livekit_flow_yaml` and `livekit_flow_json` name a file,
        `livekit_flow_yaml_string` and `flows_json` hold a text, `livekit_flow_file` names a file of any kind.
        """
        readers: Mapping[str, Callable[[str], Self]] = {
            "livekit_flow_yaml": cls.from_yaml_file,
            "livekit_flow_json": cls.from_json_file,
            "livekit_flow_yaml_string": cls.from_yaml_string,
            "flows_json": cls.from_json_string,
            "livekit_flow_file": cls.from_file,
        }
        key = next((key for key in readers if config.get(key) is not None), None)
        if key is None:
            return None
        if not isinstance(config[key], str | Path):
            raise FlowError("settings", [Issue(key, "Text is required here.")])
        value = str(config[key])
        return None if value.strip() in _EMPTY_VALUES else readers[key](value)

    @classmethod
    def _from_document(cls, document: object, source: str, folder: Path | None = None) -> Self:
        """Return the flow of a parsed document, native or a React Flow export.

        Files that it names are read from `folder`.
        """
        if not isinstance(document, dict):
            raise FlowError(source, [Issue("", _NO_OBJECT.format(found=describe_value(document)))])
        if form := playbook_form(document):
            raise FlowError(source, [playbook_issue(form, source)])
        left_out = (*find_duplicate_keys(document), *find_dropped_values(document))
        places: Mapping[str, str] = {}
        if is_react_flow(document):
            document, places, lost = convert_react_flow(document)
            left_out += lost
        authored = document
        expansion = expand_document(document, folder) if has_author_nodes(document) else Expansion(document)
        try:
            flow = cls.model_validate(expansion.document)
        except ValidationError as error:
            found = [*issues_from_pydantic(error, cls), *validate_flow(expansion.document)]
            own = (to_author_issue(path, message, _places_of(expansion)) for path, message in found)
            issues = [Issue(to_export_path(path, places), sentence) for path, sentence in own]
            raise FlowError(
                source, list(dict.fromkeys([*expansion.issues, *issues])), expansion.files
            ) from error
        if expansion.issues:
            raise FlowError(source, expansion.issues, expansion.files)
        flow._load_warnings = (*left_out, *expansion.warnings)
        if expansion.document is not authored:
            flow._keep_source(authored, expansion)
        return flow

    def _keep_source(self, document: Mapping[str, Any], expansion: Expansion) -> None:
        """Keep the author's document of an expanded flow."""
        self._source, self._files = dict(document), expansion.files
        self._places = _places_of(expansion)
        self._load_warnings = self._load_warnings or expansion.warnings

    def author_issue(self, path: str, message: str) -> tuple[str, str]:
        """Return the path in the author's document of a path in the graph, and the message for it."""
        return to_author_issue(path, message, self._places)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files beside the flow's own that it was read from."""
        return self._files


_PLACE = re.compile(r"(?P<list>nodes|global_edges)\[(?P<index>\d+)\](?P<rest>.*)", re.DOTALL)
_Places = tuple[tuple[str, ...], tuple[str, ...]]


def _places_of(expansion: Expansion) -> _Places:
    return expansion.node_places, expansion.edge_places


_SLOT_PART = re.compile(r"\.properties\.(?P<slot>[^.\[]+)(?:\.(?P<key>[^.\[]+))?")


def to_author_issue(path: str, message: str, places: _Places) -> tuple[str, str]:
    """Return the author's path and the message of an issue in an expanded document.

    For a part made for an author node the message names the slot and its key, which that path lacks.
    """
    own = to_author_path(path, places)
    part = _SLOT_PART.search(path)
    if part is None or own == path or part[0] in own:
        return own, message
    name, key = part["slot"], part["key"]
    return own, f"slot “{name}”, {key}: {message}" if key else f"slot “{name}”: {message}"


def to_author_path(path: str, places: _Places) -> str:
    """Return the author's path of a path in an expanded document.

    It is exact for a part that the author wrote; for a part made for an author node it is that node's path.
    """
    match = _PLACE.fullmatch(path)
    of_list = places[match["list"] == "global_edges"] if match else ()
    if match is None or int(match["index"]) >= len(of_list):
        return path
    place = of_list[int(match["index"])]
    is_own = of_list.count(place) == 1 and place.startswith(match["list"])
    return place + match["rest"] if is_own else place
