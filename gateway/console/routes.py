"""Console of a web process: all its pages, each about one partition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import httpx
from starlette.routing import BaseRoute

from core.ports import HasTemplates
from gateway.bootstrap import Channels, PartitionStores, add_web_channel, build_model, find_desk_channels
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.console.conversations.actions import ConversationActions
from gateway.console.conversations.pages import ConversationPages
from gateway.console.flows.chat import FlowChatPage
from gateway.console.flows.flow_drawings import FlowDrawings
from gateway.console.flows.history import FlowHistory
from gateway.console.flows.pages import FlowPages
from gateway.console.inbox.api import AgentInbox
from gateway.console.inbox.pages import AgentDeskPages
from gateway.console.live_updates import LiveUpdates
from gateway.console.operations.account import AccountPage
from gateway.console.operations.broadcasts import BroadcastsPage
from gateway.console.operations.failures import FailuresPage
from gateway.console.operations.figures import parse_price
from gateway.console.operations.overview import NotFoundPage, OverviewPage
from gateway.console.operations.pages import OperationsPages
from gateway.console.operations.quarantine import QuarantinePage
from gateway.console.operations.settings_check import SettingsCheckPage
from gateway.console.operations.templates import TemplatesPage
from gateway.console.sign_in import SignInPage
from gateway.console.simulator.client import Simulator
from gateway.console.simulator.pages import SimulatorPage
from gateway.console.simulator.provider_desk import ProviderDeskPage
from gateway.console.simulator.widget_demo import WidgetDemoPage
from gateway.local.simulated_accounts import parse_simulator_urls
from gateway.partitions.records.contact_partitions import ContactPartitions
from gateway.redis.records.operators.kept_webhooks import KeptWebhooks
from gateway.redis.records.operators.quarantine import Quarantine
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.sessions.search.text_words import WordDigests
from gateway.redis.sending.template_sync import find_unlisted
from gateway.redis.server.readiness import Readiness
from gateway.server.operator_auth import OperatorAuth
from gateway.server.webhooks import WebhookEndpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class WebParts:
    """Parts of the web process that its pages share."""

    settings: Settings
    config: ConfigFile
    channels: Channels
    stores: PartitionStores
    operator: OperatorAuth
    http: httpx.AsyncClient
    history: FlowHistory
    contacts: ContactPartitions
    files: PublicFiles
    kept_webhooks: KeptWebhooks
    quarantine: Quarantine


class _Page(Protocol):
    def routes(self) -> Sequence[BaseRoute]: ...


def build_console(web: WebParts, number: int) -> list[BaseRoute]:
    """Build the routes of the console about one partition."""
    operator = web.operator.for_store(web.stores.each[number].redis)
    pages: tuple[_Page, ...] = (
        *_build_conversation_pages(web, number, operator),
        *_build_operation_pages(web, number, operator),
        *_build_flow_pages(web, operator),
        *_build_simulator_pages(web, operator),
        _build_quarantine(web),
        SignInPage(web.operator),
        NotFoundPage(web.operator),
    )
    return [route for page in pages for route in page.routes()]


def _build_conversation_pages(web: WebParts, number: int, operator: OperatorAuth) -> tuple[_Page, ...]:
    settings, inbox, sender = web.settings, web.stores.inbox, web.stores.sender
    redis = web.stores.each[number].redis
    desks = sorted(find_desk_channels(web.channels))
    return (
        ConversationPages(
            operator,
            list(add_web_channel(web.channels)),
            WordDigests(redis) if settings.text_search else None,
            FlowDrawings(web.history),
            KeptWebhooks(redis, settings.webhook_hours),
            parse_price(settings.llm_price).describe,
        ),
        ConversationActions(operator, inbox, sender, web.stores.limits, web.contacts.erasure),
        AgentInbox(redis, inbox, sender, operator),
        AgentDeskPages(operator, inbox, sender, desks, web.config.replies, web.files),
    )


def _build_operation_pages(web: WebParts, number: int, operator: OperatorAuth) -> tuple[_Page, ...]:
    settings, limits, channels = web.settings, web.stores.limits, add_web_channel(web.channels)
    store = web.stores.each[number]
    readiness = Readiness(store.redis, confirmation=store.confirmation, protocol=limits)
    with_templates = [name for name, each in web.channels.items() if isinstance(each, HasTemplates)]
    return (
        OverviewPage(operator, readiness, price=parse_price(settings.llm_price)),
        FailuresPage(operator, limits),
        OperationsPages(operator, sorted(channels), sorted(parse_simulator_urls(settings.environ))),
        AccountPage(operator, channels, settings, limits),
        TemplatesPage(operator, with_templates, find_unlisted(web.channels)),
        SettingsCheckPage(operator, settings),
        BroadcastsPage(web.stores.build_broadcasts(), operator, web.stores.sender, list(channels)),
        LiveUpdates(operator),
    )


def _build_flow_pages(web: WebParts, operator: OperatorAuth) -> tuple[_Page, ...]:
    return (
        FlowPages(operator, web.history),
        FlowChatPage(web.operator, web.history.files, partial(build_model, web.settings)),
    )


def _build_simulator_pages(web: WebParts, operator: OperatorAuth) -> tuple[_Page, ...]:
    simulator = Simulator.load(web.settings.environ)
    return (
        SimulatorPage(web.stores, operator, simulator, web.http),
        ProviderDeskPage(operator, simulator, web.http),
        WidgetDemoPage(operator),
    )


def _build_quarantine(web: WebParts) -> QuarantinePage:
    endpoint = WebhookEndpoint(web.channels, web.stores.inbox, http=web.http)
    return QuarantinePage(web.quarantine, web.kept_webhooks, web.operator, endpoint.replay)
