"""Webhook endpoint: bound, verify, parse, store, acknowledge (guarantees L1 and L2)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from time import perf_counter
from urllib.parse import urlsplit

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import (
    DeliveryError,
    MailboxFull,
    MalformedWebhook,
    Rejected,
    StorageUnavailable,
    WebhookRefused,
    WebhookTooLarge,
)
from core.log_context import log_extra
from core.model import OTHER_ACCOUNT, Event, Ignored
from core.ports import Channel, HandlesInteractions, Inbox, LearnsIds, SharesApp, Webhook, WebhookResponse
from core.steps import Step
from gateway.redis.connection.outages.outage_log import outages
from gateway.redis.records.operators.kept_webhooks import current_webhook
from gateway.redis.records.operators.quarantine import Quarantine
from gateway.server.error_responses import error_response, service_unavailable
from gateway.server.metrics.process_metrics import ProcessMetrics

log = logging.getLogger("turngate.webhooks")

_STORING = "storing of webhooks"
_COMPRESSIONS = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"})
"""Codings that change the body; another value, such as `utf-8`, is a mistake that means nothing."""


class WebhookEndpoint:
    """The one endpoint of all channels."""

    def __init__(
        self,
        channels: Mapping[str, Channel[httpx.AsyncClient]],
        inbox: Inbox,
        quarantine: Quarantine | None = None,
        http: httpx.AsyncClient | None = None,
        metrics: ProcessMetrics | None = None,
    ) -> None:
        """Create the endpoint; rejected webhooks are recorded in `quarantine` if given.

        With `http`, channels may answer interactive requests by API calls of their own.
        """
        self._channels = channels
        # asking whether a channel has a protocol costs as much as storing a message
        self._sharing = frozenset(id(each) for each in channels.values() if isinstance(each, SharesApp))
        self._interactive = [each for each in channels.values() if isinstance(each, HandlesInteractions)]
        self._inbox = inbox
        self._quarantine = quarantine
        self._http = http
        self._metrics = metrics or ProcessMetrics()

    def routes(self) -> list[Route]:
        """Return the routes `/webhooks/{channel}` and `/webhooks/{channel}/{account}`.

        A slash may follow: providers do not follow a redirect, or lose the body.
        """
        paths = ("/webhooks/{channel}", "/webhooks/{channel}/{account}")
        methods = ["GET", "HEAD", "POST"]
        return [Route(path + end, self.receive, methods=methods) for path in paths for end in ("", "/")]

    async def receive(self, request: Request) -> Response:
        """Process one webhook: 2xx only after everything in it is stored."""
        started_at = perf_counter()
        accounts = self._candidate_accounts(**request.path_params)
        if not accounts:
            return error_response(404, "unknown_channel", "no such channel is configured here")
        with Step("webhook", {"channel": accounts[0].name}):
            response = await self._process(request, accounts)
        seconds = perf_counter() - started_at
        self._metrics.observe_acknowledgement(accounts[0].name, response.status_code, seconds)
        return response

    async def _process(self, request: Request, accounts: list[Channel[httpx.AsyncClient]]) -> Response:
        channel, webhook = accounts[0], None
        try:
            webhook = await _read_webhook(request, channel.capabilities.max_webhook_bytes)
            accounts = self._find_verified_accounts(accounts, webhook)
            channel = accounts[0]
            await self._learn_ids(accounts)
            if answer := await self._handle_interaction(accounts, webhook):
                return Response(answer.body, answer.status, media_type=answer.content_type)
            events = _parse(accounts, webhook)
            await self._store(webhook, events)
        except WebhookRefused as error:
            log.warning(
                "%s webhook rejected: %s",
                channel.name,
                error.reason,
                extra=log_extra("webhook_refused", channel=channel.name, code=error.code),
            )
            if self._quarantine is not None:
                self._quarantine.add(channel.name, error, webhook)
            return error_response(error.status, error.code, _PUBLIC_MESSAGES[error.status])
        except (StorageUnavailable, MailboxFull, DeliveryError) as error:
            self._log_not_stored(channel.name, error)
            return service_unavailable("not stored; please deliver again")
        except ClientDisconnect:
            return error_response(400, "malformed", "the request ended early")
        outages.record_success(_STORING)
        answer = channel.answer(webhook, events)
        return Response(answer.body, answer.status, media_type=answer.content_type)

    async def replay(self, webhook: Webhook) -> int:
        """Verify, parse and store a rejected webhook once more; return the number of its events.

        What was stored before is not stored twice. Raises `WebhookRefused`, the errors of `accept`, and a
        `DeliveryError` while the account is not known.
        """
        names = urlsplit(webhook.url).path.rpartition("/webhooks/")[2].split("/")
        accounts = self._candidate_accounts(*names[:2])
        if not accounts:
            raise MalformedWebhook("no such channel is configured here")
        accounts = self._find_verified_accounts(accounts, webhook)
        await self._learn_ids(accounts)
        events = _parse(accounts, webhook)
        await self._store(webhook, events)
        return len(events)

    async def _store(self, webhook: Webhook, events: Sequence[Event]) -> None:
        token = current_webhook.set(webhook)
        try:
            await self._inbox.accept(events)
        finally:
            current_webhook.reset(token)

    def _log_not_stored(self, channel: str, error: Exception) -> None:
        """Log why a webhook is answered with 503; an outage of Redis once, not for each webhook."""
        if isinstance(error, StorageUnavailable) and isinstance(error.__cause__, Exception):
            outages.record_failure(_STORING, error.__cause__)
        else:
            log.error(
                "%s webhook not stored: %s",
                channel,
                error,
                extra=log_extra("webhook_not_stored", channel=channel),
            )

    async def _learn_ids(self, accounts: Sequence[Channel[httpx.AsyncClient]]) -> None:
        """Ask the provider once for the accounts' IDs, if they share an app and their IDs are not known.

        Raises a `DeliveryError` while they are not known: the provider delivers the webhook again.
        """
        owners: dict[str, str] = {}
        for account in accounts if len(accounts) > 1 else ():
            if not isinstance(account, SharesApp):
                continue
            if not account.owned_ids and self._http is not None and isinstance(account, LearnsIds):
                await account.learn_ids(self._http)
            for identifier in account.owned_ids:
                if owners.setdefault(identifier, account.name) != account.name:
                    raise Rejected(
                        f"{owners[identifier]} and {account.name} are the same account of the provider "
                        f"({identifier}); remove one of them, or set another access token"
                    )

    async def _handle_interaction(
        self, accounts: Sequence[Channel[httpx.AsyncClient]], webhook: Webhook
    ) -> WebhookResponse | None:
        """Return the answer of the first account that answers this request synchronously."""
        for account in self._interactive if self._http is not None else ():
            if account in accounts and (answer := await account.handle_interaction(webhook, self._http)):
                return answer
        return None

    def _find_verified_accounts(
        self, accounts: Sequence[Channel[httpx.AsyncClient]], webhook: Webhook
    ) -> list[Channel[httpx.AsyncClient]]:
        """Return the accounts whose signature check passes, several if they share an app and so its secret.

        Raises the first account's error if there is none.
        """
        verified: list[Channel[httpx.AsyncClient]] = []
        errors: list[WebhookRefused] = []
        for account in accounts:
            try:
                account.verify(webhook)
            except WebhookRefused as error:
                errors.append(error)
            else:
                verified.append(account)
                if id(account) not in self._sharing:
                    break
        if not verified:
            raise errors[0]
        return verified

    def _candidate_accounts(self, channel: str, account: str = "") -> list[Channel[httpx.AsyncClient]]:
        """Return the accounts that the webhook may belong to: the named one, or all of the channel."""
        if named_account := self._channels.get(f"{channel}/{account}"):
            return [named_account]
        names = [name for name in self._channels if name == channel or name.startswith(f"{channel}/")]
        return [self._channels[name] for name in names]


def _parse(accounts: Sequence[Channel[httpx.AsyncClient]], webhook: Webhook) -> list[Event]:
    """Return the events of a webhook: each of the accounts that share an app reads its own."""
    events = [event for account in accounts for event in account.parse(webhook)]
    if len(accounts) == 1:
        return events
    own = [each for each in events if not (isinstance(each, Ignored) and each.reason == OTHER_ACCOUNT)]
    return own or events[:1]


_PUBLIC_MESSAGES = {
    400: "the request cannot be read",
    401: "the request cannot be verified",
    403: "the verification token does not match",
    413: "the request is too large",
}


async def _read_webhook(request: Request, max_bytes: int) -> Webhook:
    """Read the raw request with at most `max_bytes` bytes of body."""
    codings = request.headers.get("content-encoding", "").lower()
    if not _COMPRESSIONS.isdisjoint(each.strip() for each in codings.split(",")):
        raise MalformedWebhook("the body is compressed; no provider does that, so check proxies on the way")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise WebhookTooLarge(f"{declared} bytes declared, {max_bytes} allowed")
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise WebhookTooLarge(f"more than {max_bytes} bytes")
        chunks.append(chunk)
    scope = request.scope
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"]
    path = (scope.get("raw_path") or scope["path"].encode()) + (b"?" + query if query else b"")
    url = f"{scope['scheme']}://{headers.get('host', '')}{path.decode('latin-1')}"
    try:
        urlsplit(url)
    except ValueError:
        raise MalformedWebhook("the Host header is malformed") from None
    return Webhook(request.method, url, headers, b"".join(chunks))
