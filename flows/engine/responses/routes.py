"""Fallbacks of a flow for messages that may not be sent as they are, or were not delivered."""

from __future__ import annotations

from core.model import Route, Template
from flows.document import MessageTemplate, UndeliveredFallback, Way
from flows.engine.turn_context import TurnContext
from flows.templating import TextTemplate

_PERMANENT_CLASSES = ("landline", "blocked", "unreachable")
"""Classes for which `permanent` is the default."""


def find_window_route(context: TurnContext) -> Route | None:
    """Return the fallback of the node's messages outside the service window: its own, or the flow's."""
    way = context.node.node.outside_window or context.flow.outside_window
    return build_route(context, way) if way else None


def find_undelivered_route(context: TurnContext, fallback: UndeliveredFallback, failure: str) -> Route | None:
    """Return the node's fallback for this class of failure."""
    ways = {str(name): way for name, way in fallback.instead.items()}
    way = ways.get(failure)
    if way is None and failure in _PERMANENT_CLASSES:
        way = ways.get("permanent")
    return build_route(context, way) if way else None


def build_route(context: TurnContext, way: Way) -> Route:
    """Return a fallback with its values rendered."""
    return Route(
        template=build_template(context, way.template) if way.template else None,
        channel=way.channel_name,
        sender=_render(context, way.sender),
        to=_render(context, way.to),
        waits=way.wait,
    )


def build_template(context: TurnContext, template: MessageTemplate) -> Template:
    """Return a message template with its values, each on one line as providers ask for."""
    values = {name: _render(context, value) for name, value in template.variables.items()}
    return Template(name=template.name, language=template.language or context.flow.language, variables=values)


def _render(context: TurnContext, source: str) -> str:
    return " ".join(context.render(TextTemplate(source)).split()) if source else ""
