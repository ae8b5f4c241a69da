"""Delivers a simulator's webhooks: at their time, with the provider's retries and file downloads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

import httpx

from channels._kit.outbound import classify_http_error, parse_retry_after
from channels._kit.simulator import (
    FetchedFile,
    MediaFetchingSimulator,
    ProviderSimulator,
    WebhookDelivery,
    WebhookResult,
)
from core.errors import Unavailable

log = logging.getLogger("turngate.simulator")

MAX_FILE_BYTES = 101 * 1024 * 1024


class WebhookDispatcher:
    """Sends the webhooks of one simulator, up to `concurrency` at once.

    `pace` multiplies their delays (0: none). Webhooks to the first URL of `reroute` go to the second.
    """

    def __init__(
        self,
        simulator: ProviderSimulator,
        http: httpx.AsyncClient,
        *,
        clock: Callable[[], float],
        concurrency: int,
        pace: float,
        reroute: tuple[str, str],
    ) -> None:
        self._simulator = simulator
        self._http = http
        self._clock = clock
        self._delay_factor = pace
        self._reroute = reroute
        self._slots = asyncio.Semaphore(concurrency)
        self._tasks: set[asyncio.Task[None]] = set()

    def schedule(self, deliveries: Iterable[WebhookDelivery]) -> list[asyncio.Task[None]]:
        """Start a task for each delivery, which ends when the receiver has responded."""
        tasks = [asyncio.create_task(self._deliver(delivery)) for delivery in deliveries]
        for task in tasks:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return tasks

    async def post(self, delivery: WebhookDelivery) -> WebhookResult:
        """Send one webhook now, without retries; any error is a failure of its receiver."""
        try:
            async with asyncio.timeout(delivery.timeout):
                response = await self._http.request(
                    delivery.method,
                    self._find_target(delivery.url),
                    headers=dict(delivery.headers),
                    content=delivery.body,
                    timeout=delivery.timeout,
                )
        except Exception as error:  # any error counts as a failure of the webhook's receiver
            has_no_connection = isinstance(classify_http_error(error, self._simulator.name), Unavailable)
            return WebhookResult(None, timed_out=not has_no_connection)
        return WebhookResult(response.status_code, retry_after=parse_retry_after(response))

    async def wait_until_idle(self) -> None:
        """Wait until no webhook is scheduled or in progress, retries included."""
        while (
            self._tasks
        ):  # `gather` of finished tasks would not yield to their callbacks from Python 3.12 on
            finished, _ = await asyncio.wait(self._tasks)
            for task in finished:
                task.result()

    async def aclose(self) -> None:
        """Cancel the webhooks that were not sent yet."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, delivery: WebhookDelivery) -> None:
        """Send a webhook at its time and schedule the provider's retries."""
        await asyncio.sleep(max(delivery.at - self._clock(), 0.0) * self._delay_factor)
        if delivery.fetches_file:
            await self._fetch_file(delivery)
            return
        async with self._slots:
            result = await self.post(delivery)
        if result.status is None or result.status >= 400:
            reason = result.status or ("timeout" if result.timed_out else "no connection")
            log.info("simulated webhook failed: %s", reason)
        now = self._clock()
        self.schedule(self._simulator.handle_delivery_result(delivery, result, now))

    async def _fetch_file(self, delivery: WebhookDelivery) -> None:
        """Fetch the file of a message, as the provider does, and schedule its statuses."""
        assert isinstance(self._simulator, MediaFetchingSimulator), "only such a simulator asks for files"
        async with self._slots:
            file = await self._get_file(delivery)
        if file is None:
            log.info("the simulated provider could not fetch the file of a message")
        self.schedule(self._simulator.handle_fetched_file(delivery, file, self._clock()))

    async def _get_file(self, delivery: WebhookDelivery) -> FetchedFile | None:
        size = 0
        try:
            async with (
                asyncio.timeout(delivery.timeout),
                self._http.stream("GET", delivery.url, follow_redirects=True) as response,
            ):
                if not response.is_success:
                    return None
                async for chunk in response.aiter_bytes():
                    size += len(chunk)
                    if size > MAX_FILE_BYTES:
                        break
        except Exception:  # any error counts as a failure of the file's server
            return None
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return FetchedFile(kind, size)

    def _find_target(self, url: str) -> str:
        """Return the URL to deliver a webhook to: the signed public URL may not lead to this gateway."""
        public, here = self._reroute
        return f"{here}{url.removeprefix(public)}" if public and url.startswith(f"{public}/") else url
