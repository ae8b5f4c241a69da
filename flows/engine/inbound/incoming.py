"""Preprocesses an incoming message: separates own words from quotations, and recognizes reactions."""

from __future__ import annotations

from itertools import groupby

from core.model import QuotedMessage, Reaction, Turn
from flows.nlu import Transcript, UnquotedText, is_newest, may_quote, remove_quotations
from flows.state import DialogState, HistoryLine

QUOTATION_KIND = "quotation"
"""`Turn.kind` of a message that only quotes."""


def read_incoming(turn: Turn, state: DialogState) -> Turn:
    """Return the turn without quoted words (guarantee L15); a tapback becomes a reaction.

    Quotations are recognized by comparison with the session's messages. A tapped button is not changed.
    """
    if turn.payload or turn.reaction or not turn.text:
        return turn
    bot_lines = (line["content"] for line in reversed(state.history) if _is_bot_line(line))
    if not may_quote(turn.text, bot_lines, offers_choices=len(state.offered) > 1):
        return turn
    unquoted = _remove_quotations(turn, build_transcript(state))
    if unquoted.text == turn.text:
        return turn
    changes: dict[str, object] = {"text": unquoted.text}
    if unquoted.emoji is not None and not unquoted.text:
        changes["kind"] = "reaction"
        changes["reaction"] = Reaction(emoji=unquoted.emoji)
        changes["quoted"] = QuotedMessage(text=unquoted.quoted)
    elif unquoted.is_quotation:
        changes["kind"] = QUOTATION_KIND
    return turn.model_copy(update=changes)


def _remove_quotations(turn: Turn, conversation: Transcript) -> UnquotedText:
    """Return the person's own words; of merged messages each is read alone, as one may end in a signature."""
    merged = "\n".join(turn.merged_texts)
    if len(turn.merged_texts) < 2 or not turn.text.startswith(merged):
        return remove_quotations(turn.text, conversation)
    transcript = turn.text[len(merged) :].strip()
    parts = [remove_quotations(text, conversation) for text in (*turn.merged_texts, transcript)]
    text = "\n".join(part.text for part in parts if part.text)
    tapback = next((part for part in reversed(parts) if part.emoji is not None), UnquotedText(""))
    return tapback._replace(text=text, is_quotation=not text and tapback.emoji is None)


def build_transcript(state: DialogState) -> Transcript:
    """Return the messages of a session from its state."""
    # the greeting precedes the user's first line, so the newest messages are the last run of the bot's
    lines = [line for line in state.history if line["role"] != "system"]
    runs = [list(run) for is_bot, run in groupby(lines, _is_bot_line) if is_bot]
    return Transcript(
        bot=tuple(line["content"] for line in lines if _is_bot_line(line)),
        user=tuple(line["content"] for line in lines if not _is_bot_line(line)),
        offered=tuple(choice.label for choice in state.offered),
        newest=len(runs[-1]) if runs else 0,
    )


def _is_bot_line(line: HistoryLine) -> bool:
    return line["role"] == "assistant"


def answers_newest(turn: Turn, state: DialogState, *, has_media: bool) -> bool:
    """Return whether a reaction is to what the bot said last.

    A reaction to a picture quotes no text: it counts if the bot's message had a picture.
    """
    text = turn.quoted.text if turn.quoted else ""
    if text:
        return is_newest(text, build_transcript(state))
    return has_media and not (turn.quoted and turn.quoted.id)
