"""Other systems' answers as they are written down beside a conversation."""

from __future__ import annotations

import json

from core.ports import FetchError, HttpRequest, HttpResponse
from flows.authoring.testing.test_file import StubResponses


class StubFetch:
    """The `HttpFetcher` port without a network: answers by an action's id. What is not written down fails."""

    def __init__(self, answers: StubResponses) -> None:
        self._remaining = {name: list(written) for name, written in answers.items()}

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        """The next answer. Raises `FetchError` when there is none."""
        left = self._remaining.get(request.label)
        if not left:
            raise FetchError("no answer is written down for this", sent=False)
        written = left.pop(0) if len(left) > 1 else left[0]
        return HttpResponse(status=written.status, body=json.dumps(written.data).encode())

    async def aclose(self) -> None:
        """There is nothing to let go of."""
