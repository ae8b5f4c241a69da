"""Language models: protocols, factory, fallback, the offline rules model and OpenAI-compatible servers."""

from __future__ import annotations

from flows.llm.factory import (
    create_model,
    create_moderator,
    create_speech_synthesizer,
    create_transcriber,
    parse_model_keys,
    require_model,
)
from flows.llm.functions import STAY_FUNCTION_NAME
from flows.llm.model import (
    STAY_DECISION,
    GeneratedReply,
    Model,
    ModelError,
    Moderator,
    Picture,
    ReplyRequest,
    SpeechSynthesizer,
    SummaryRequest,
    TextCallback,
    Transcriber,
    TransitionDecision,
    TransitionRequest,
    discard,
)
from flows.llm.scripted import ScriptedModel

__all__ = [
    "STAY_DECISION",
    "STAY_FUNCTION_NAME",
    "GeneratedReply",
    "Model",
    "ModelError",
    "Moderator",
    "Picture",
    "ReplyRequest",
    "ScriptedModel",
    "SpeechSynthesizer",
    "SummaryRequest",
    "TextCallback",
    "Transcriber",
    "TransitionDecision",
    "TransitionRequest",
    "create_model",
    "create_moderator",
    "create_speech_synthesizer",
    "create_transcriber",
    "discard",
    "parse_model_keys",
    "require_model",
]
