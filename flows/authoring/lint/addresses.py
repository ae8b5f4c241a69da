"""Finds addresses of calls and files that cannot be used, and private ones, which the gateway refuses."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import JsonValue

from flows.document import Flow, Issue
from flows.templating import TextTemplate

_SCHEMES = ("https://", "http://")
_LOCAL_SUFFIXES = (".local", ".localhost", ".internal", ".lan", ".home.arpa")


def find_unusable_addresses(flow: Flow) -> Iterator[Issue]:
    """Return the actions and tools that call no HTTP address or a private one, by its name or number.

    A file's address is another system's: it must be a complete one.
    """
    for node in flow.nodes:
        for each in node.media:
            if "{" not in each.url and not each.url.startswith(_SCHEMES):
                yield Issue(
                    f"node {node.id}", f"“{each.url[:80]}” is no address of a file: begin it with https://."
                )
    tools = (*flow.tools, *(tool for node in flow.nodes for tool in node.tools))
    calls = [(f"action {action.id}", action.url) for action in flow.actions]
    calls += [(f"tool {tool.id}", tool.url or tool.server or "") for tool in tools]
    environment: dict[str, JsonValue] = dict(flow.environment_variables)
    values = {**environment, "env": environment}
    for where, url in calls:
        address = TextTemplate(url).render(values)
        if url and not address.startswith(_SCHEMES):
            yield Issue(where, f"“{url[:80]}” is no address of a call: begin it with https:// or http://.")
        host = _host(address)
        if host and _is_private(host):
            yield Issue(
                where,
                f"“{host}” is a private address, which is refused: name it in TURNGATE_PRIVATE_HOSTS where "
                "this flow runs.",
            )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(_LOCAL_SUFFIXES) or "." not in host
