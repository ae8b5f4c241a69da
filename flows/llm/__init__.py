"""Language models: the port, the factory, fallbacks, the offline rules model and OpenAI-compatible servers."""

from __future__ import annotations

from flows.llm.factory import create_model, create_transcriber
from flows.llm.model import (
    STAY_DECISION,
    GeneratedReply,
    Model,
    ModelError,
    ReplyRequest,
    SummaryRequest,
    TextCallback,
    TransitionDecision,
    TransitionRequest,
    discard,
)
from flows.llm.prompts import STAY_FUNCTION_NAME
from flows.llm.scripted import ScriptedModel

__all__ = [
    "STAY_DECISION",
    "STAY_FUNCTION_NAME",
    "GeneratedReply",
    "Model",
    "ModelError",
    "ReplyRequest",
    "ScriptedModel",
    "SummaryRequest",
    "TextCallback",
    "TransitionDecision",
    "TransitionRequest",
    "create_model",
    "create_transcriber",
    "discard",
]
