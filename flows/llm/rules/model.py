"""Offline model: matches choices, patterns, slots, keywords and examples by rules."""

from __future__ import annotations

from flows.compiled import CompiledEdge
from flows.llm.model import (
    GeneratedReply,
    ReplyRequest,
    SummaryRequest,
    TransitionDecision,
    TransitionRequest,
)
from flows.llm.rules.evidence.consent import is_answer_blocked, is_consent_missing
from flows.llm.rules.evidence.phrase_scoring import count_shared_words, requests_change
from flows.llm.rules.evidence.ranks import (
    ASKED_SLOT_SCORE,
    CONDITION_SCORE,
    INVALID_SLOT_SCORE,
    KEYWORD_SCORE,
    SLOT_SCORE,
)
from flows.llm.rules.evidence.scoring import EdgeScore, rejected_values, score_edge
from flows.llm.rules.message.parsed_message import ParsedMessage
from flows.llm.rules.second_wishes import MAX_SECOND_WISHES, find_wishes, split_wishes, without_and
from flows.locales import messages_for
from flows.nlu import (
    asks_about_action,
    denied_positions,
    has_wish,
    holds_under_condition,
    mask_reports,
    states_fact,
)
from flows.slots import names_several

_MIN_SCORE_MARGIN = 1.0
_MAX_WISHES = 3


class RulesModel:
    """Deterministic model without a network. It cannot write: messages must be static or scripted."""

    name = "rules"

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        """Select the edge with the highest score; stay when there is none or two are equal."""
        message = ParsedMessage(question)
        weighed = sorted(
            (score_edge(edge, message) for edge in question.available_edges), key=_descending_score
        )
        weighed = [evidence for evidence in weighed if evidence.score > 0]
        if not weighed:
            return TransitionDecision(error_message=_answer_reservation(message), model=self.name)
        wishes, rest = find_wishes(question, message.text)
        best = _break_tie(weighed, wishes, message)
        if best is not None and best.edge.is_answer and wishes and rest:
            best = _find_side_wish(rest, question) or best
        if best is None and not (best := _any_of_several_wishes(weighed[0], message)):
            return TransitionDecision(model=self.name)
        best = _refused_value_beside_no(best, weighed) or best
        best, later = _first_of_several_wishes(best, message)
        if best.score == INVALID_SLOT_SCORE:
            return TransitionDecision(error_message=best.error_message, model=self.name)
        return TransitionDecision(
            edge_id=best.edge.id,
            slots=best.slots,
            model=self.name,
            rejected=rejected_values(best, message),
            also=_second_wishes(best, wishes),
            later=later,
        )

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """Return an empty reply: an instruction is not a message."""
        return GeneratedReply(model=self.name)

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        """Return an empty summary."""
        return GeneratedReply(model=self.name)

    async def aclose(self) -> None:
        """Do nothing: there are no connections."""


def explain_missing_consent(edge: CompiledEdge, request: TransitionRequest) -> str:
    """Return what to say when the message is not the yes or the no that `edge` needs; empty if it is."""
    message = ParsedMessage(request)
    if not is_consent_missing(edge, message):
        return ""
    return _answer_reservation(message) or messages_for(request.language).nothing_done_yet


def _answer_reservation(message: ParsedMessage) -> str:
    """Return the answer to a user who wants to wait or takes back a yes before something irreversible."""
    messages = messages_for(message.language)
    if message.is_waiting:
        return messages.take_your_time
    if message.postpones:
        return messages.nothing_done_yet
    if message.asks_about_ending and message.names_ending:
        return messages.nothing_done_yet
    is_yes = message.is_reserved and message.has_yes
    blocked = (edge for edge in message.request.available_edges if edge.takes_yes)
    if is_yes and any(is_answer_blocked(edge, message) for edge in blocked):
        return messages.nothing_done_yet
    return ""


def _descending_score(evidence: EdgeScore) -> float:
    return -evidence.score


def _find_side_wish(rest: str, question: TransitionRequest) -> EdgeScore | None:
    """Return the node's edge of the value or wish beside a question (“Friday, and is there parking?”)."""
    message = ParsedMessage(question._replace(text=rest))
    is_imagined = asks_about_action(question.text, question.language, is_question=False)
    if holds_under_condition(question.text, question.language) and not is_imagined:
        return None  # “cash if the price is ok”, not “cash, and what if I cancel?”
    if asks_about_action(rest, question.language, is_question=False):
        return None
    scores = [score_edge(edge, message) for edge in question.node.edges]
    best = max(scores, key=lambda each: each.score, default=None)
    if best and not best.edge.slots and not (best.edge.takes_yes or best.edge.takes_no):
        equal = [each for each in scores if each.score == best.score]
        is_asked = message.is_question and not message.is_request
        is_clear = len(equal) == 1 and best.score > CONDITION_SCORE and not is_asked
        return best if is_clear and not best.edge.commits else None
    if best and any(
        slot.name in best.slots and names_several(slot, question.text) for slot in best.edge.slots
    ):
        return None  # “the price of red and green” selects neither
    is_name = best is not None and best.score == ASKED_SLOT_SCORE and message.is_name_asked
    return best if best and best.slots and (is_name or best.score >= SLOT_SCORE - 15) else None


def _second_wishes(best: EdgeScore, wishes: tuple[CompiledEdge, ...]) -> tuple[str, ...]:
    if best.edge.commits:
        return ()
    others = [edge for edge in wishes if edge.target != best.edge.target]
    return tuple(edge.id for edge in others[:MAX_SECOND_WISHES])


def _refused_value_beside_no(best: EdgeScore, weighed: list[EdgeScore]) -> EdgeScore | None:
    """Return the value that a no corrects to, where it cannot be taken as it is: “no, at half past”."""
    if not best.edge.takes_no or best.edge.slots or best.edge.commits:
        return None
    return next((each for each in weighed if each.score == INVALID_SLOT_SCORE), None)


def _first_of_several_wishes(best: EdgeScore, message: ParsedMessage) -> tuple[EdgeScore, tuple[str, ...]]:
    """Return the node's edge that a message of several wishes names first, and the words of the others.

    “I'd like to donate and get the newsletter”: each part names another edge by its keywords. The first one
    does nothing irreversible; of the others the user is asked.
    """
    edges = [edge for edge in message.request.node.edges if edge.keywords and not edge.slots]
    if message.request.payload or not any(best.edge is edge for edge in edges):
        return best, ()
    named: dict[str, tuple[CompiledEdge, str]] = {}
    parts = split_wishes(message.text, message.language)
    if any(part.endswith("?") or has_wish(part, message.language) for part in parts):
        parts.sort(key=lambda part: part[-1] != "?" and not _is_wish_of_its_own(part, message.language))
    for part in parts:
        said = ParsedMessage(message.request._replace(text=part))
        scores = sorted((score_edge(edge, said) for edge in edges), key=_descending_score)
        if scores[0].score >= KEYWORD_SCORE and not _is_ambiguous(scores[0], scores[1:]):
            edge = scores[0].edge
            if not (edge.takes_yes or edge.takes_no):
                named.setdefault(str(edge.target), (edge, part))
    if not 1 < len(named) <= _MAX_WISHES or str(best.edge.target) not in named:
        return best, ()
    (first, _), *others = named.values()
    if first.commits:
        return best, ()
    later = tuple(
        without_and(part, message.language)
        for _, part in others
        if _is_wish_of_its_own(part, message.language)
    )
    return (best if first.target == best.edge.target else score_edge(first, message)), later


def _any_of_several_wishes(best: EdgeScore, message: ParsedMessage) -> EdgeScore | None:
    """Return one of the edges with equal scores if each part of the message names one."""
    return best if _first_of_several_wishes(best, message)[1] else None


def _is_wish_of_its_own(part: str, language: str) -> bool:
    """Return whether a part is a wish of its own, and not a detail of the wish before it: “it was cold”."""
    if denied_positions(part, language) or mask_reports(part, language) != part:
        return False
    return has_wish(part, language) or not states_fact(part, language)


def _break_tie(
    weighed: list[EdgeScore], wishes: tuple[CompiledEdge, ...], message: ParsedMessage
) -> EdgeScore | None:
    """Return the best edge; of equal ones the local one, the first wish, or that with more shared words."""
    best = weighed[0]
    if not _is_ambiguous(best, weighed[1:]):
        return best
    equal = [each for each in weighed if best.score - each.score < _MIN_SCORE_MARGIN]
    own = message.request.node.edges
    local = [each for each in equal if any(each.edge is edge for edge in own)]
    if len({each.edge.target for each in local}) == 1:
        return local[0]
    if len(wishes) > 1 and (first := next((each for each in equal if each.edge is wishes[0]), None)):
        return first
    acts = [each for each in equal if requests_change(each.edge, message)]
    if len({each.edge.target for each in acts}) == 1:
        return acts[0]
    shares = [count_shared_words(each.edge, message) for each in equal]
    most = max(shares)
    chosen = [each for each, share in zip(equal, shares, strict=True) if share == most]
    return chosen[0] if most and len({each.edge.target for each in chosen}) == 1 else None


def _is_ambiguous(best: EdgeScore, others: list[EdgeScore]) -> bool:
    return any(
        best.score - other.score < _MIN_SCORE_MARGIN
        and other.edge.target != best.edge.target
        and not (best.score == INVALID_SLOT_SCORE and other.score == INVALID_SLOT_SCORE)
        for other in others
    )
