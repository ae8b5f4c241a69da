"""Composition root: the only package that builds the parts and connects them."""

from gateway.bootstrap.accounts import (
    Channels,
    add_web_channel,
    build_quiet_policy,
    explain_exposure,
    find_abuse_limits,
    find_desk_channels,
    find_participant_policies,
    find_windows,
    load_channels,
    load_operator_access,
)
from gateway.bootstrap.dialogs import (
    apply_middleware,
    build_dialog,
    build_dialogs,
    build_model,
    build_picture_loader,
    collect_typing_calls,
    open_downloads,
    open_speech,
    open_transcription,
)
from gateway.bootstrap.growth import spread_contacts
from gateway.bootstrap.limits import (
    build_confirmation,
    build_confirmations,
    build_processing_limits,
    build_protocol_limits,
)
from gateway.bootstrap.runtime import Runtime, inject_dependencies, open_runtime, open_runtimes
from gateway.bootstrap.stores import PartitionStore, PartitionStores
from gateway.bootstrap.webhook_inbox import build_inbox

__all__ = [
    "Channels",
    "PartitionStore",
    "PartitionStores",
    "Runtime",
    "add_web_channel",
    "apply_middleware",
    "build_confirmation",
    "build_confirmations",
    "build_dialog",
    "build_dialogs",
    "build_inbox",
    "build_model",
    "build_picture_loader",
    "build_processing_limits",
    "build_protocol_limits",
    "build_quiet_policy",
    "collect_typing_calls",
    "explain_exposure",
    "find_abuse_limits",
    "find_desk_channels",
    "find_participant_policies",
    "find_windows",
    "inject_dependencies",
    "load_channels",
    "load_operator_access",
    "open_downloads",
    "open_runtime",
    "open_runtimes",
    "open_speech",
    "open_transcription",
    "spread_contacts",
]
