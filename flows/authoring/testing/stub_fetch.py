"""Stubbed HTTP responses of conversation tests."""

from __future__ import annotations

import json

from core.ports import FetchError, HttpRequest, HttpResponse
from flows.authoring.testing.test_file import StubResponses


class StubFetch:
    """`HttpFetcher` without a network: responds by the action's id; an action without a stub fails."""

    def __init__(self, answers: StubResponses) -> None:
        self._remaining = {name: list(sequence) for name, sequence in answers.items()}

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        """Return the next response. Raises `FetchError` when there is none."""
        left = self._remaining.get(request.label)
        if not left:
            raise FetchError("no response is given for this in the test file", sent=False)
        sequence = left.pop(0) if len(left) > 1 else left[0]
        if sequence.unreachable:
            raise FetchError("unreachable, as the test file says", sent=False)
        return HttpResponse(status=sequence.status, body=json.dumps(sequence.data).encode())

    async def aclose(self) -> None:
        """Do nothing: there are no connections."""
