"""Answer of a turn as a stream: plain text, or server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from gateway.webchat.answer_tracker import CompletedTurn
from gateway.webchat.conversations import SubmittedTurn, TextPiece, WebConversations
from gateway.webchat.schemas.responses import TurnAnswer

MAX_STREAM_SECONDS = 120.0
HEARTBEAT_SECONDS = 15.0


async def stream_text(conversations: WebConversations, submitted: SubmittedTurn) -> AsyncIterator[str]:
    """Yield the text of a turn's answer as it is written."""
    sent_text = ""
    answer = asyncio.create_task(conversations.wait_for_answer(submitted, MAX_STREAM_SECONDS))
    try:
        async for piece in conversations.stream_pieces(submitted, "", answer):
            sent_text = piece.text if piece.is_restart else sent_text + piece.text
            yield f"\n\n{piece.text}" if piece.is_restart and sent_text != piece.text else piece.text
        completed = await answer
        full_text = completed.text if completed else ""
        if full_text.startswith(sent_text):
            yield full_text[len(sent_text) :]
        elif full_text:
            yield f"\n\n{full_text}"
    finally:
        answer.cancel()  # stops the waiting only; the turn continues in its worker


async def stream_events(
    conversations: WebConversations, session_id: str, submitted: SubmittedTurn, after: str
) -> AsyncIterator[str]:
    """Yield the pieces of a turn's answer after the piece `after` as server-sent events, then its result."""
    answer = asyncio.create_task(conversations.wait_for_answer(submitted, MAX_STREAM_SECONDS))
    yield "retry: 1000\n\n"
    try:
        pieces = aiter(conversations.stream_pieces(submitted, after, answer))
        next_piece: asyncio.Task[TextPiece | None] | None = None
        while True:
            next_piece = next_piece or asyncio.ensure_future(anext(pieces, None))
            await asyncio.wait({next_piece}, timeout=HEARTBEAT_SECONDS)
            if not next_piece.done():
                yield ": still here\n\n"
                continue
            piece, next_piece = next_piece.result(), None
            if piece is None:
                break
            yield _format_event("restart" if piece.is_restart else "text", {"text": piece.text}, piece.id)
        completed = await answer
        result: dict[str, Any] = {"message_id": submitted.message_id, "status": "pending"}
        yield _format_event(
            "done", build_turn_answer(session_id, completed).model_dump() if completed else result
        )
    finally:
        answer.cancel()


def build_turn_answer(session_id: str, completed: CompletedTurn) -> TurnAnswer:
    """Build the body of a turn's answer."""
    return TurnAnswer(
        reply=completed.text,
        messages=completed.messages,
        session_id=session_id,
        message_id=completed.message_id,
        outcome=completed.outcome,
    )


_LINE_ENDS = {ord(each): f"\\u{ord(each):04x}" for each in "\x85\u2028\u2029"}
"""Characters that JSON does not escape and that many clients take for the end of a line."""


def _format_event(kind: str, data: dict[str, Any], name: str = "") -> str:
    content = json.dumps(data, ensure_ascii=False).translate(_LINE_ENDS)
    lines = [f"event: {kind}", f"data: {content}"]
    return "\n".join([f"id: {name}", *lines] if name else lines) + "\n\n"
