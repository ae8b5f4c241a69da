"""Operations of the web channel: one client's conversation."""

from __future__ import annotations

from typing import Final

from gateway.openapi.operation import (
    Link,
    Operation,
    TextBody,
    header_parameter,
    path_parameter,
    query_parameter,
)
from gateway.webchat.api.history_api import MAX_WAIT_SECONDS
from gateway.webchat.schemas import requests, responses

IDEMPOTENCY_KEY: Final = header_parameter("Idempotency-Key", "makes a repetition the same message")
_SESSION: Final = query_parameter("session_id", "not needed with a session token")

OPERATIONS: Final = (
    Operation(
        "post",
        "/turn",
        "send_turn",
        "Send a message and get the answer",
        responses={200: responses.TurnAnswer, 202: responses.PendingAnswer},
        request=requests.TurnRequest,
        parameters=(IDEMPOTENCY_KEY,),
        links=(Link("get_turn_answer", {"message_id": "message_id", "session_id": "session_id"}),),
    ),
    Operation(
        "get",
        "/turn/{message_id}",
        "get_turn_answer",
        "Get the answer to a message that was still in progress",
        responses={200: responses.TurnAnswer, 202: responses.PendingAnswer},
        parameters=(path_parameter("message_id"), _SESSION),
    ),
    Operation(
        "post",
        "/stream",
        "stream_turn",
        "Send a message and stream the answer",
        responses={
            200: TextBody(
                "text/plain, or text/event-stream if Accept asks for it", ("text/plain", "text/event-stream")
            )
        },
        request=requests.TurnRequest,
        parameters=(IDEMPOTENCY_KEY, header_parameter("Last-Event-ID", "continue after this event")),
    ),
    Operation(
        "post",
        "/reset",
        "reset_conversation",
        "Restart a conversation",
        responses={200: responses.ResetAnswer},
        request=requests.ResetRequest,
    ),
    Operation(
        "post",
        "/web/session",
        "create_web_session",
        "Create a session of a visitor or an identified user, or renew a session token",
        responses={200: responses.SessionAnswer},
        request=requests.SessionRequest,
    ),
    Operation(
        "get",
        "/web/history",
        "get_web_history",
        "Get the latest messages of a conversation",
        responses={200: responses.HistoryAnswer},
        parameters=(
            _SESSION,
            query_parameter("after", "cursor of the last answer; with it `messages` is null without news"),
            query_parameter(
                "wait",
                "seconds to wait for news after the cursor",
                type="integer",
                minimum=0,
                maximum=MAX_WAIT_SECONDS,
            ),
        ),
    ),
)
