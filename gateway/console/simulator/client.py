"""Client of the provider simulators: their addresses, and the names of their conversations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import httpx
from pydantic import BaseModel, Field

from channels._kit.simulator import SimulatedConversation, SimulatedSurface
from gateway.local.simulated_accounts import list_simulated_surfaces, parse_simulator_urls

_PHONE_NUMBER_PATTERN = r"^\+\d{6,15}$"


class SimulatedContact(BaseModel):
    """The contact's side of a simulated conversation."""

    surface: str = Field(pattern="^[a-z]{1,20}$")
    person: str = Field(pattern=_PHONE_NUMBER_PATTERN)


@dataclass(frozen=True, slots=True)
class SurfaceEndpoint:
    """A surface and the URL of the simulator that serves it."""

    url: str
    surface: SimulatedSurface


@final
class Simulator:
    """The surfaces of all simulated accounts, those with a desk last."""

    def __init__(self, surfaces: Mapping[str, tuple[SimulatedSurface, ...]], urls: Mapping[str, str]) -> None:
        endpoints = [
            SurfaceEndpoint(urls[channel], surface)
            for channel, channel_surfaces in surfaces.items()
            for surface in channel_surfaces
        ]
        self._endpoints = {
            each.surface.name: each for each in sorted(endpoints, key=lambda each: each.surface.has_desk)
        }

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Self | None:
        """Find the simulators that `turngate run` started; `None` when real providers are configured."""
        urls = parse_simulator_urls(environ)
        return cls(list_simulated_surfaces(urls), urls) if urls else None

    @property
    def surfaces(self) -> list[SimulatedSurface]:
        """All surfaces, in the order in which the console shows them."""
        return [each.surface for each in self._endpoints.values()]

    def find(self, name: str) -> SurfaceEndpoint | None:
        """Return the surface of that name."""
        return self._endpoints.get(name)

    def find_desk(self, name: str) -> SurfaceEndpoint | None:
        """Return the surface of that name if its provider has a desk of agents."""
        endpoint = self.find(name)
        return endpoint if endpoint and endpoint.surface.has_desk else None


async def find_conversation(
    endpoint: SurfaceEndpoint, contact: str, http: httpx.AsyncClient
) -> SimulatedConversation | None:
    """Return a contact's conversation; `None` while a desk has no thread with this contact.

    Raises `httpx.HTTPError` when the desk's simulator does not answer.
    """
    if not endpoint.surface.has_desk:
        return endpoint.surface.locate(contact)
    thread = (await query_simulator(http, endpoint.url, "desk", contact))["standing"]["thread"]
    return endpoint.surface.locate(thread) if thread else None


async def query_simulator(
    http: httpx.AsyncClient, url: str, resource: str, contact: str, **parameters: str
) -> dict[str, Any]:
    """Fetch a resource of a simulator's control API for a contact. Raises `httpx.HTTPError`."""
    response = await http.get(f"{url}/_simulator/{resource}", params={"from": contact, **parameters})
    response.raise_for_status()
    body: dict[str, Any] = response.json()
    return body
