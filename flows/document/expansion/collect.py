"""Expands a form: a router that asks for what is missing, and a node for each question.

Every answer leads back to the router, which has the form's id, so later values, corrections and rejected
values are all handled in one place.
"""

from __future__ import annotations

import re

from flows.document.expansion.form import Form, SlotTexts, build_choices, describe, label, labels_of
from flows.document.expansion.graph import Json, edge
from flows.document.expansion.models import CollectSlot
from flows.locales import lexicon_for, messages_for
from flows.text import normalize, tokenize

_WITH_ACCENTS = str.maketrans(
    {"a": "[aäá]", "e": "[eé]", "i": "[ií]", "n": "[nñ]", "o": "[oöó]", "u": "[uüú]"}
)


def expand_collect(form: Form) -> None:
    """Add the nodes of a form."""
    _add_router(form)
    for number, slot in enumerate(form.node.slots):
        _add_question(form, slot, form.node.slots[:number], is_first=number == 0)
        if slot.name in form.new_questions:
            _add_new_question(form, slot)
        if form.corrections[slot.name] != form.node.id:
            _add_sentence(form, slot, form.corrections[slot.name], slot.corrected, "corrected", form.node.id)
    if form.ends_when_cancelled:
        _add_cancelled(form)
    for code in form.graph.codes:
        form.graph.take_texts(code, "nodes", form.node.id)
        for slot in form.node.slots:
            _translate_labels(form, slot, code)


def _translate_labels(form: Form, slot: CollectSlot, code: str) -> None:
    """Make the labels of the choices in another language names of their values there."""
    texts = form.texts(code, slot)
    labels = [*(texts.get("choices") or ()), *(each.label for each in slot.choices)][: len(slot.choices)]
    own = texts.get("synonyms") or slot.schema_keys.get("x-synonyms")
    if texts.get("choices") and (names := slot.names_of_values(own, labels)):
        form.graph.languages[code]["slots"][slot.name] = {**texts, "synonyms": names}


def _add_router(form: Form) -> None:
    """Add the node that decides what comes next; its guards exclude each other, so no model is asked."""
    graph, node, edges, so_far = form.graph, form.node, list[Json](), list[str]()

    def lead(name: str, target: str, condition: str, test: str) -> None:
        guard = " and ".join([*so_far, f"({test})"] if test else so_far)
        edges.append(edge(graph.edge_id(name, node.id), target, condition, guard=guard))
        if test:
            so_far.append(f"not ({test})")

    for slot in node.slots:
        is_known = f"'{slot.name}' in slots"
        is_missing = f"not {is_known}" + (f" and '{slot.name}_skipped' not in slots" if slot.optional else "")
        lead(f"{slot.name}_missing", form.questions[slot.name], f"{describe(slot)} is not known", is_missing)
        for number, check in enumerate(slot.checks, 1):
            name = f"{slot.name}_refused" + (f"_{number}" if number > 1 else "")
            target = graph.node_id(name, node.id)
            lead(name, target, f"{describe(slot)} is not accepted", f"{is_known} and ({check.condition})")
            new = form.new_questions[slot.name]
            _add_sentence(form, slot, target, check.say, "checks", new, number - 1)
    lead(f"{node.id}_complete", node.then, "Everything is known", "")
    graph.add_node(
        {
            "id": node.id, "name": node.name or node.id, "node_type": "router", "edges": edges,
            "was": list(node.was), "part_of": node.id,
        },
        form.place,
    )  # fmt: skip


def _add_question(form: Form, slot: CollectSlot, earlier: tuple[CollectSlot, ...], *, is_first: bool) -> None:
    graph, name, intro = form.graph, form.questions[slot.name], form.node.intro if is_first else ""
    edges = [form.value_edge(f"{slot.name}_given", slot, is_asked=True)]
    if not slot.verbatim:
        edges += _correction_edges(form, slot, earlier, "at")
    if slot.optional:
        edges.append(_skip_edge(form, slot))
    edges += form.exits(slot.name, form.node.failed)
    choices = build_choices(slot, graph.messages)
    if slot.optional:
        choices.append({"label": graph.messages.skip_label, "payload": find_edge_id(edges, "skipped")})
    _add_asking_node(form, name, edges, choices, _question_texts(slot, {}, intro))
    for code in graph.codes:
        texts = form.texts(code, slot)
        own_intro = graph.texts_of(code, "nodes", form.node.id).get("intro") if intro else ""
        labels = labels_of(slot, texts, messages_for(code))
        if slot.optional:
            labels.append(messages_for(code).skip_label)
        if texts.get("question"):
            asked = _question_texts(slot, texts, str(own_intro or ""))
            graph.translate(code, "nodes", name, {**asked, "choices": labels})


def find_edge_id(edges: list[Json], ending: str) -> str:
    """Return the id of the edge whose name ends so."""
    return next(str(each["id"]) for each in edges if str(each["id"]).endswith(ending))


def _question_texts(slot: CollectSlot, texts: SlotTexts, intro: str) -> Json:
    """Return the text of a question and of its repetition, in the slot's language or in that of `texts`."""
    question = str(texts.get("question") or slot.question)
    reprompt = str(texts.get("reprompt") or ("" if texts else slot.reprompt))
    return {
        "static_text": f"{intro}\n\n{question}" if intro else question,
        "reprompt_text": reprompt or (question if intro else ""),
    }


def _add_new_question(form: Form, slot: CollectSlot) -> None:
    """Add the question that is asked after the value was wrong."""
    graph, name = form.graph, form.new_questions[slot.name]
    others = tuple(each for each in form.node.slots if each is not slot)
    edges = [form.value_edge(f"new_{slot.name}_given", slot, is_asked=True)]
    if not slot.verbatim:
        edges += _correction_edges(form, slot, others, "beside_new")
    edges += form.exits(f"new_{slot.name}", form.node.failed)
    reprompt = slot.reprompt or slot.question
    again = slot.again or graph.messages.ask_once_more.format(reprompt)
    choices = build_choices(slot, graph.messages)
    _add_asking_node(form, name, edges, choices, {"static_text": again, "reprompt_text": reprompt})
    for code in graph.codes:
        texts = form.texts(code, slot)
        if texts.get("question"):
            reprompt = str(texts.get("reprompt") or texts["question"])
            again = str(texts.get("again") or messages_for(code).ask_once_more.format(reprompt))
            asked = {"static_text": again, "reprompt_text": reprompt}
            labels = labels_of(slot, texts, messages_for(code))
            graph.translate(code, "nodes", name, {**asked, "choices": labels})


def _add_asking_node(form: Form, name: str, edges: list[Json], choices: list[Json], texts: Json) -> None:
    form.graph.add_node(
        {
            "id": name, "name": name, **texts, "choices": choices, "edges": edges,
            "max_turns": form.node.max_turns if form.node.failed else None, "part_of": form.node.id,
        },
        form.place,
    )  # fmt: skip


def _correction_edges(
    form: Form, asked: CollectSlot, slots: tuple[CollectSlot, ...], where: str
) -> list[Json]:
    """Return the edges by which other values are changed while one is asked for."""
    return [
        form.value_edge(f"{slot.name}_{where}_{asked.name}", slot, form.corrections[slot.name])
        for slot in slots
        if any(slot is each for each in (*form.recognizable, *form.labelled))
    ]


def _skip_edge(form: Form, slot: CollectSlot) -> Json:
    """Return the edge for a user who leaves an optional value out; a slot of its own records that."""
    graph = form.graph
    name = graph.edge_id(f"{slot.name}_skipped", form.node.id)
    schema = {
        "type": "object",
        "properties": {f"{slot.name}_skipped": {"type": "boolean", "enum": [True]}},
        "required": [f"{slot.name}_skipped"],
    }
    condition = f"The user does not want to give {describe(slot)}"
    return edge(name, form.node.id, condition, input_schema=schema, pattern=_skip_pattern(form, slot))


def _skip_pattern(form: Form, slot: CollectSlot) -> str:
    """Return a pattern of the messages that leave a value out, in all languages of the flow.

    Such a message is one or more words for it, with only filler words beside them: “no wishes, thanks”.
    """
    codes = (form.graph.language, *form.graph.codes)
    phrases = dict.fromkeys(word for code in codes for word in messages_for(code).skip_words)
    plain, opening = (
        {*tokenize(f"{slot.question} {describe(slot)} {label(slot, form.graph.messages)}")},
        set[str](),
    )
    for code in codes:
        lexicon = lexicon_for(code)
        phrases |= dict.fromkeys((*sorted(lexicon.answers.no), *lexicon.answers.no_phrases))
        phrases |= dict.fromkeys((*lexicon.short_answers.ignorance, *lexicon.short_answers.no))
        plain |= (lexicon.thanks | lexicon.thanks_companions) - lexicon.answers.yes
        plain |= lexicon.answers.correct  # “nee passt”
        opening |= lexicon.clauses.particles | lexicon.answers.intensifiers
        opening |= {each for each in lexicon.politeness if each.isalpha()}
    parts = (phrases, sorted(plain | opening), sorted(opening))
    leaving, more, before = ("|".join(map(_as_pattern, words)) for words in parts)
    ways = "|".join(pattern for code in codes for pattern in lexicon_for(code).speech_acts.other_way_patterns)
    instead = rf"(?:[\s,]+(?:{ways}))?" if ways else ""
    opening_word = rf"(?:ok|okay|oh|hm+|lol|a?haha+|a?jaja+|hehe+|{before})"
    said = rf"(?:{leaving})(?:[\s,]+(?:{leaving}|{more}))*"
    return rf"^\W*(?:{opening_word}\W+)?{said}{instead}\W*$"


def _as_pattern(phrase: str) -> str:
    """Return a pattern of a phrase, with and without its accents: words of a lexicon have none."""
    words = (re.escape(word).replace("ss", "(?:ss|ß)") for word in normalize(phrase).split())
    return "[ ,]+".join(words).translate(_WITH_ACCENTS)


def _add_sentence(  # noqa: PLR0913 - one sentence, in each language
    form: Form, slot: CollectSlot, name: str, text: str, key: str, target: str, number: int | None = None
) -> None:
    """Add a node that only says something about a slot and leads on."""
    graph = form.graph
    leads_on = edge(graph.edge_id(f"after_{name}", form.node.id), target, "Always")
    graph.add_node(
        {
            "id": name, "name": name, "static_text": text, "auto_proceed": True, "edges": [leads_on],
            "part_of": form.node.id,
        },
        form.place,
    )  # fmt: skip
    for code in graph.codes:
        texts = form.texts(code, slot).get(key)
        if number is not None:
            texts = texts[number] if isinstance(texts, list | tuple) and number < len(texts) else ""
        graph.translate(code, "nodes", name, {"static_text": texts})


def _add_cancelled(form: Form) -> None:
    graph = form.graph
    node = {"id": form.cancelled, "name": form.cancelled, "is_final": True, "part_of": form.node.id}
    graph.add_node({**node, "static_text": graph.messages.form_cancelled}, form.place)
    for code in graph.codes:
        graph.translate(code, "nodes", form.cancelled, {"static_text": messages_for(code).form_cancelled})
