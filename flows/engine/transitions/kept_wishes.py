"""Resumes the kept wishes of a message: one after another, when the one before is done.

Nobody has agreed to a kept wish when its turn comes, so nothing irreversible is done for it: the user is
asked, and only a yes to that question lets it go on.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.model import Choice, Message, Turn
from flows.compiled import CompiledNode
from flows.engine.action_runner import ConsentMissing
from flows.engine.responses.response_builder import add_message, ask, current_question
from flows.engine.selection import Stay
from flows.engine.transitions.transition_executor import execute_selection
from flows.engine.transitions.transition_selector import select_transition
from flows.engine.turn_context import TurnContext
from flows.llm import ModelError
from flows.llm.rules import best_edge
from flows.nlu import is_reserved, is_unreserved_yes, recognize_confirmation
from flows.state import DialogState, KeptWish


async def answer_kept_wish(context: TurnContext) -> bool:
    """Follow a kept wish that the user was asked about; return whether the message was an answer to that."""
    state = context.state
    if not state.kept or not state.kept[0].is_asked:
        return False
    wish, state.kept = state.kept[0], state.kept[1:]
    language = context.flow.language
    said = context.quick_reply.label if context.quick_reply else context.text
    agreed = recognize_confirmation(said, language)
    if agreed is False and not is_reserved(said, language):
        ask(context, context.locale_messages.ask_once_more.format(current_question(context)))
        return True
    if not agreed or not is_unreserved_yes(said, language):
        return False
    _replace_turn(context, wish.text)
    state.turns_in_node += 1
    await execute_selection(context, await select_transition(context))
    return True


async def resume_kept_wishes(context: TurnContext) -> None:
    """Resume kept wishes until a question is asked."""
    if context.outcome == "hand_off" or context.opts_out:
        context.state.kept = ()
    while (wish := next(iter(context.state.kept), None)) and not wish.is_asked and _is_due(context, wish):
        await _resume_wish(context, wish)


def _is_due(context: TurnContext, wish: KeptWish) -> bool:
    """Return whether the previous task is done: the dialog has ended, or can take the wish at its node."""
    if context.outcome != "advance":
        return context.outcome == "final"
    return context.state.node == wish.node or (not context.keeps_wish and _leads_on(context, wish))


def _leads_on(context: TurnContext, wish: KeptWish) -> bool:
    """Return whether the dialog asks for another wish (“anything else?”) and knows this one there."""
    edges = context.node.edges
    if any(edge.slots or (edge.takes_yes and edge.commits) for edge in edges):
        return False
    return best_edge(context.node, edges, wish.text, context.flow.language) is not None


async def _resume_wish(context: TurnContext, wish: KeptWish) -> None:
    context.state.kept = context.state.kept[1:]
    if context.outcome == "final":
        context.state = context.state.restarted_at(wish)
        context.node = context.flow.nodes[wish.node]
    context.outcome = "stay"
    reminder = context.locale_messages.kept_wish.format(wish.text)
    before = _Snapshot.of(context)
    add_message(context, Message(text=reminder))
    context.state.add_history_line("user", wish.text)
    if await _try_to_follow(context, wish):
        return
    before.restore(context)
    _ask_for_consent(context, wish, reminder)


async def _try_to_follow(context: TurnContext, wish: KeptWish) -> bool:
    """Follow a kept wish as far as nothing irreversible is done; return whether that succeeded."""
    turn, text, choice, is_first = context.turn, context.text, context.quick_reply, context.is_first_turn
    _replace_turn(context, wish.text)
    context.needs_consent = True
    try:
        selection = await select_transition(context)
        if isinstance(selection, Stay):
            return False
        await execute_selection(context, selection)
    except (ConsentMissing, ModelError):
        return False
    finally:
        context.needs_consent = False
        context.turn, context.text, context.quick_reply = turn, text, choice
        context.is_first_turn = is_first
    return True


def _ask_for_consent(context: TurnContext, wish: KeptWish, reminder: str) -> None:
    messages = context.locale_messages
    context.state.kept = (wish._replace(is_asked=True), *context.state.kept)
    context.state.offered = tuple(
        Choice(label=label, payload=label) for label in (messages.yes_label, messages.no_label)
    )
    text = f"{reminder} {messages.kept_wish_question}"
    add_message(context, Message(text=text, choices=context.state.offered, list_button=messages.list_button))


def _replace_turn(context: TurnContext, text: str) -> None:
    """Replace the turn's message by the words of a kept wish."""
    turn = context.turn
    context.turn = Turn(id=turn.id, session=turn.session, address=turn.address, text=text)
    context.text, context.quick_reply, context.is_first_turn, context.message = text, None, False, {}


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A turn's state and results, to return to when a wish turns out to need a yes."""

    state: DialogState
    node: CompiledNode
    lengths: tuple[int, int]
    edge_id: str
    outcome: str

    @classmethod
    def of(cls, context: TurnContext) -> _Snapshot:
        """Return a snapshot of a turn."""
        state = context.state.working_copy(context.flow.nodes)
        lengths = len(context.messages), len(context.reminders)
        return cls(state, context.node, lengths, context.last_edge_id, context.outcome)

    def restore(self, context: TurnContext) -> None:
        """Restore a turn to this snapshot."""
        context.state, context.node = self.state, self.node
        context.last_edge_id, context.outcome = self.edge_id, self.outcome
        del context.messages[self.lengths[0] :], context.reminders[self.lengths[1] :]
