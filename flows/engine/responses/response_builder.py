"""Builds the bot's messages for a node: static text, generated text, or a default sentence."""

from __future__ import annotations

from core.model import Choice, Message, Template
from flows.compiled import scripted_speech, select_language_block
from flows.engine.language_model.model_calls import generate_reply
from flows.engine.language_model.model_text import protect_echoes
from flows.engine.language_model.pictures import load_pictures
from flows.engine.responses.routes import build_template, find_window_route
from flows.engine.selection import Question
from flows.engine.turn_context import TurnContext
from flows.llm import ModelError, ReplyRequest
from flows.slots import Slot
from flows.state import MAX_LINE_LENGTH
from flows.templating import TextTemplate
from flows.text import reveal_values, to_commonmark

MAX_LABEL_LENGTH = 200
MAX_SLOT_CHOICES = 10

_MAX_EXAMPLES = 3


async def add_node_prompt(context: TurnContext, reply: str = "") -> None:
    """Add the message of the node that was just entered; its shorter reprompt when it is entered again.

    `reply` is what the model has already written for the node's instruction, if anything.
    """
    node = context.node
    is_again = context.state.visits.get(node.id, 0) > 1
    for template in (node.reprompt if is_again else None, node.text):
        if template and (rendered := context.render_protected(template)):
            ask(context, rendered, _node_template(context))
            return
    text = protect_echoes(context, reply)
    if not text and node.instruction:
        text = await _generate_text(context, context.render_protected(node.instruction))
    if text == context.locale_messages.refusal:
        reprompt_with_reason(context, text)
    else:
        ask(context, text or _default_node_text(context), _node_template(context))


async def repeat_question(context: TurnContext) -> None:
    """Ask the node's question again."""
    if question := current_question(context):
        ask(context, question)
    else:
        await add_node_prompt(context)


def current_question(context: TurnContext) -> str:
    """Return the question that is open, or an empty string when only the model could write it.

    It is that of the slot that was asked for, or else the node's.
    """
    node = context.node
    if slot := _asked_slot(context):
        return _slot_question(context, slot)
    for template in (node.reprompt, node.text):
        if template and (rendered := context.render_protected(template)):
            return rendered
    if not node.instruction:
        return ""
    return scripted_speech(context.render_protected(node.instruction), context.flow.language)


def ask_for_missing(context: TurnContext, question: Question) -> None:
    """Ask for the missing slot or completion criterion; count the attempt to leave without the latter."""
    missing = question.missing
    if isinstance(missing, Slot):
        context.state.asked = missing.name
        text = question.error_message or _slot_question(context, missing)
        if question.error_message or not question.slots:
            reprompt_with_reason(context, text)
        elif not _has_just_asked(context, text):
            said = f"{context.locale_messages.noted} {text}" if _is_repetition(context, text) else text
            ask(context, said)
        return
    context.state.insisted += 1
    description = missing.description or missing.key.replace("_", " ")
    reprompt_with_reason(context, context.locale_messages.missing_value.format(description))


def ask_after_greeting(context: TurnContext, question: str) -> None:
    """Ask the open question again, worded differently from the last message."""
    again = context.locale_messages.ask_once_more.format(question)
    ask(context, again if _is_repetition(context, question) else question)


def _has_just_asked(context: TurnContext, text: str) -> bool:
    """Return whether the greeting of this turn ends with the question already."""
    messages = context.messages
    return context.is_first_turn and bool(messages) and messages[-1].text.endswith(to_commonmark(text))


def _is_repetition(context: TurnContext, text: str) -> bool:
    bot_lines = (line["content"] for line in reversed(context.state.history) if line["role"] == "assistant")
    return reveal_values(text)[:MAX_LINE_LENGTH] == next(bot_lines, "")


def _slot_question(context: TurnContext, slot: Slot) -> str:
    if slot.question:
        return context.render_protected(TextTemplate(slot.question, "message"))
    return context.locale_messages.missing_value.format(slot.description)


def _asked_slot(context: TurnContext) -> Slot | None:
    """Return the slot whose question is open."""
    name = context.state.asked
    if not name or name in context.state.filled:
        return None
    slots = (slot for edge in context.node.available_edges for slot in edge.slots)
    return next((slot for slot in slots if slot.name == name), None)


def reprompt_with_reason(context: TurnContext, reason: str) -> None:
    """Say why the message cannot be accepted; vary the beginning if the bot's last message said the same."""
    state = context.state
    misses, state.misses = state.misses, state.misses + 1
    if _is_repetition(context, reason):
        reason = f"{context.locale_messages.error_prefix(misses % 2, context.turn)} {reason}"
    ask(context, reason)


def add_fallback(context: TurnContext, *, offers_agent: bool) -> None:
    """Say that the message was not understood, and what the user can do here."""
    state, messages = context.state, context.locale_messages
    misses, state.misses = state.misses, state.misses + 1
    default = messages.choose_prompt if context.node.labels else messages.rephrase_prompt
    question = current_question(context) or default
    text = messages.fallback_message(misses, context.turn, question, knows_person=offers_agent)
    examples = messages.join_examples(_example_wishes(context))
    ask(context, f"{text}\n\n{examples}" if examples else text)


def _example_wishes(context: TurnContext) -> list[str]:
    """Return examples of what users may say here, for nodes with neither choices nor a question."""
    if context.node.labels or context.state.asked or any(edge.slots for edge in context.node.edges):
        return []
    edges = [edge for edge in context.node.edges if not (edge.takes_yes or edge.takes_no)]
    return [edge.edge.examples[0] for edge in edges if edge.edge.examples][:_MAX_EXAMPLES]


def ask(context: TurnContext, text: str, template: Template | None = None) -> None:
    """Add `text` as a message with the node's quick replies and media, or with a template in its place."""
    context.state.offered = _open_choices(context)
    node, quoted = context.node.node, context.quotable_id
    message = Message(
        text=text,
        choices=context.state.offered,
        media=node.media,
        quotes=quoted if node.quote or node.reaction else "",
        reaction=node.reaction if quoted else "",
        list_button=context.locale_messages.list_button if context.state.offered else "",
        requests_location=node.request_location,
        template=template,
    )
    add_message(context, message)


def _node_template(context: TurnContext) -> Template | None:
    template = context.node.node.template
    return build_template(context, template) if template else None


def add_message(context: TurnContext, message: Message) -> None:
    """Add a message to the turn, its protected values escaped, and to the history, the values as they are."""
    text = to_commonmark(message.text)
    if message.route is None and message.template is None and (route := find_window_route(context)):
        message = message.model_copy(update={"fallback": route})
    context.streamer.finish_message(text)
    context.messages.append(message if text == message.text else message.model_copy(update={"text": text}))
    context.state.add_history_line("assistant", reveal_values(message.text))


def add_text(context: TurnContext, source: str) -> bool:
    """Add a template's text as a message without quick replies; return false if it is empty."""
    text = context.render_protected(TextTemplate(source, "message")) if source else ""
    if text:
        add_message(context, Message(text=text))
    return bool(text)


def build_quick_replies(context: TurnContext) -> tuple[Choice, ...]:
    """Return the node's quick replies with rendered labels."""
    node = context.node
    if not node.labels:
        return ()
    labels = [context.render(label)[:MAX_LABEL_LENGTH] for label in node.labels]
    return tuple(
        Choice(label=label, payload=choice.payload or label, description=choice.description, url=choice.url)
        for label, choice in zip(labels, node.node.choices, strict=True)
        if label
    )


def _open_choices(context: TurnContext) -> tuple[Choice, ...]:
    """Return the choices of the open question: the asked slot's values, or the node's quick replies."""
    offered, slot = build_quick_replies(context), _asked_slot(context)
    if slot is None:
        return offered
    values = {str(value).casefold() for value in slot.allowed_values}
    own = tuple(each for each in offered if values & {each.payload.casefold(), each.label.casefold()})
    if own or not 1 < len(values) <= MAX_SLOT_CHOICES:
        return own
    return tuple(Choice(label=str(value), payload=str(value)) for value in slot.allowed_values)


def build_messages(context: TurnContext) -> tuple[Message, ...]:
    """Return the turn's messages. Only the last keeps its quick replies: earlier questions are closed."""
    if not context.messages:
        return ()
    *before, last = context.messages
    return (*[message.model_copy(update={"choices": ()}) for message in before], last)


async def _generate_text(context: TurnContext, instruction: str) -> str:
    if line := scripted_speech(instruction, context.flow.language):
        return line
    request = ReplyRequest(
        instruction=select_language_block(reveal_values(instruction), context.flow.language),
        prompt=context.system_prompt,
        summary=context.state.summary,
        history=context.state.history,
        values=context.model_values,
        write=context.streamer.writer,
        pictures=await load_pictures(context),
    )
    try:
        reply = await generate_reply(context, request)
    except ModelError:
        if not context.has_side_effects:
            raise
        context.issues.append("silent")
        return describe_actions(context)
    if reply.issue == "refused":
        return context.locale_messages.refusal
    return protect_echoes(context, reply.text)


def describe_actions(context: TurnContext) -> str:
    """Return the actions of this turn in words, for a turn in which the model can no longer answer."""
    known = context.flow.actions
    names = [
        known[name].action.name for name in context.executed if name in known and known[name].has_side_effects
    ]
    names += [name for name in context.executed if name not in known and not name.endswith("!")]
    listed = ", ".join(dict.fromkeys(names))
    return context.locale_messages.already_done.format(listed) if listed else ""


def _default_node_text(context: TurnContext) -> str:
    """Return the message of a node that has no text to show; its instruction is private."""
    node, messages = context.node, context.locale_messages
    if node.is_final:
        return messages.farewell
    if node.node.hand_off:
        return messages.hand_off
    return messages.choose_prompt if node.labels else messages.continue_prompt
