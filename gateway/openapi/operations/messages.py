"""Operations of proactive messages, on every channel."""

from __future__ import annotations

from typing import Final

from gateway.openapi.operation import Link, Operation, path_parameter, query_parameter
from gateway.openapi.operations.conversations import IDEMPOTENCY_KEY
from gateway.webchat.schemas import requests, responses

_PARAMETERS: Final = (
    path_parameter("message_id"),
    query_parameter("session", "needed if several sessions have such an ID", length=1_000),
)
_OF_SENT_MESSAGE: Final = {"message_id": "message_id", "session": "session"}

OPERATIONS: Final = (
    Operation(
        "post",
        "/messages",
        "send_message",
        "Send or schedule a message",
        responses={202: responses.MessageAnswer},
        request=requests.MessageRequest,
        parameters=(IDEMPOTENCY_KEY,),
        links=(
            Link("get_message", _OF_SENT_MESSAGE),
            Link("cancel_message", _OF_SENT_MESSAGE),
            Link("redact_message", {"message_id": "message_id"}),
        ),
    ),
    Operation(
        "get",
        "/messages/{message_id}",
        "get_message",
        "Get the outcome of a message",
        responses={200: responses.MessageOutcomeAnswer},
        parameters=_PARAMETERS,
    ),
    Operation(
        "delete",
        "/messages/{message_id}",
        "cancel_message",
        "Cancel a scheduled message",
        responses={200: responses.MessageOutcomeAnswer},
        parameters=_PARAMETERS,
    ),
    Operation(
        "post",
        "/messages/{message_id}/redact",
        "redact_message",
        "Delete the text of a message from everything stored",
        responses={200: responses.RedactionAnswer},
        request=requests.RedactionRequest,
        parameters=(path_parameter("message_id"),),
    ),
)
