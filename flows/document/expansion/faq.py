"""Expands `faq`: a node with the answer and a global edge for each entry, listed or read from a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from flows.document.errors import FlowError, Issue
from flows.document.expansion.graph import Graph, Json, edge
from flows.document.expansion.models import FaqEntry
from flows.document.reading.parser import read_text
from flows.text import tokenize

_MAX_ID_WORDS, _MAX_PHRASE_WORDS = 5, 4
_HEADING = re.compile(r"#{1,6}\s+(?P<text>.+)")
_VARIANT = re.compile(r"\s*\|\s*|\s*\n\s*")
_COLUMNS = ("questions", "question", "keywords", "answer", "id", "condition")


def expand_faq(graph: Graph, entries: list[tuple[FaqEntry, str]]) -> None:
    """Add the answers of a list of questions, each with its place in the document."""
    for entry, place in entries:
        name = graph.edge_id(entry.id or _build_edge_name(entry), "faq")
        answer = graph.node_id(f"{name}_answer", "faq")
        graph.add_node(
            {"id": answer, "name": name, "static_text": entry.answer, "part_of": entry.id or name}, place
        )
        condition = entry.condition or f"The user asks: {' / '.join(entry.questions or entry.keywords)}"
        keywords = [*entry.keywords, *_select_short(entry.questions)]
        graph.global_edges.append(
            edge(name, answer, condition[:500], keywords=keywords, examples=list(entry.questions))
        )
        graph.edge_places.append(place)
        for code in graph.codes:
            _translate(graph, code, name, answer)


def drop_faq_texts(graph: Graph) -> Iterator[Issue]:
    """Remove the translations of `faq`, which nodes and edges have now; yield the ones without an entry."""
    known = {str(each["id"]) for each in graph.global_edges}
    for code in graph.codes:
        texts = graph.languages[code].pop("faq", None)
        for name in texts if isinstance(texts, dict) else ():
            if name not in known:
                yield Issue(f"languages.{code}.faq.{name}", f"There is no entry “{name}” in faq.")


def _translate(graph: Graph, code: str, name: str, answer: str) -> None:
    texts = graph.texts_of(code, "faq", name)
    graph.translate(code, "nodes", answer, {"static_text": texts.get("answer")})
    questions, keywords = _as_list(texts.get("questions")), _as_list(texts.get("keywords"))
    words: Json = {"keywords": [*keywords, *_select_short(questions)], "examples": questions}
    graph.translate(code, "edges", name, words)


def _select_short(questions: Iterable[str]) -> list[str]:
    """Return the questions that are short enough to match as they are, even within a sentence."""
    return [text for text in questions if 1 < len(tokenize(text)) <= _MAX_PHRASE_WORDS]


def _as_list(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []


def _build_edge_name(entry: FaqEntry) -> str:
    words = tokenize((entry.questions or entry.keywords)[0])
    plain = ("".join(letter for letter in word if letter.isascii() and letter.isalnum()) for word in words)
    return "_".join(filter(None, list(plain)[:_MAX_ID_WORDS]))[:50] or "faq"


def read_faq_file(path: Path) -> list[Json]:
    """Read the entries of a CSV or Markdown file. Raises `FlowError`."""
    text = read_text(path)
    if path.suffix.lower() == ".csv":
        return list(_read_csv(text, str(path)))
    if path.suffix.lower() in (".md", ".markdown"):
        return list(_read_markdown(text))
    raise FlowError(str(path), [Issue("", "The name must end in .csv or .md.")])


def _read_csv(text: str, source: str) -> Iterator[Json]:
    """Yield the rows of a table with the columns `questions` and `answer`; `|` separates variants."""
    first = text.split("\n", 1)[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    names = [name.strip().lower() for name in rows.fieldnames or ()]
    unknown = next((name for name in names if name not in _COLUMNS), None)
    if unknown is not None or "answer" not in names or not {"question", "questions"} & set(names):
        raise FlowError(
            source,
            [Issue("", "The first line must name the columns: questions, answer, if wanted keywords, id")],
        )  # fmt: skip
    rows.fieldnames = names
    for row in rows:
        values = {str(name): (value or "").strip() for name, value in row.items() if isinstance(value, str)}
        if not any(values.values()):
            continue
        yield {
            "questions": _variants(values.get("questions") or values.get("question", "")),
            "keywords": _variants(values.get("keywords", "")),
            "answer": values.get("answer", ""),
            **{name: values[name] for name in ("id", "condition") if values.get(name)},
        }


def _read_markdown(text: str) -> Iterator[Json]:
    """Yield the sections of a text: headings one after another are variants of the question."""
    questions, answer = list[str](), list[str]()
    for line in [*text.splitlines(), "# end"]:
        heading = _HEADING.fullmatch(line.strip())
        if heading and any(part.strip() for part in answer):
            if questions:
                yield {"questions": questions, "answer": "\n".join(answer).strip()}
            questions, answer = [], []
        if heading:
            questions = [*questions, *_variants(heading["text"])]
        else:
            answer.append(line)


def _variants(text: str) -> list[str]:
    return [part for part in _VARIANT.split(text.strip()) if part]
