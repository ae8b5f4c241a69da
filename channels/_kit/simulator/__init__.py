"""Foundation of every provider simulator: its port, its requests and its faults."""

from channels._kit.simulator.exchange import (
    FetchedFile,
    MalformedRequest,
    SimulatorRequest,
    SimulatorResponse,
    WebhookDelivery,
    WebhookResult,
    parse_data_url,
    parse_json_object,
    parse_multipart,
)
from channels._kit.simulator.faults import Exchange, Fault, FaultInjector, FaultSettings, Operation
from channels._kit.simulator.port import (
    AgentAction,
    DeskStatus,
    MediaFetchingSimulator,
    ProviderSimulator,
    SimulatedAccount,
    SimulatedAccountModule,
    SimulatedConversation,
    SimulatedDesk,
    SimulatedSurface,
    TranscriptEntry,
    UserMessage,
)
from channels._kit.simulator.public_urls import PublicUrls

__all__ = [
    "AgentAction",
    "DeskStatus",
    "Exchange",
    "Fault",
    "FaultInjector",
    "FaultSettings",
    "FetchedFile",
    "MalformedRequest",
    "MediaFetchingSimulator",
    "Operation",
    "ProviderSimulator",
    "PublicUrls",
    "SimulatedAccount",
    "SimulatedAccountModule",
    "SimulatedConversation",
    "SimulatedDesk",
    "SimulatedSurface",
    "SimulatorRequest",
    "SimulatorResponse",
    "TranscriptEntry",
    "UserMessage",
    "WebhookDelivery",
    "WebhookResult",
    "parse_data_url",
    "parse_json_object",
    "parse_multipart",
]
