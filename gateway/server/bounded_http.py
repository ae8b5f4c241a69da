"""HTTP protocol with limits that uvicorn lacks: header size, time for headers and body, connections.

They apply before the sender is verified: without them one connection with an endless header stops the
process, because the parser copies its buffer at every read.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, cast

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.access.request_source import CONNECTION_FACTS
from gateway.server.connection_table import ConnectionLimits, ConnectionTable, Phase
from gateway.server.joined_writes import JoinedWrites

_MAX_DISCARDED_BYTES = 1024 * 1024
"""Maximum size of a body that is read and discarded after the answer; then the connection is closed."""


_CLOSE_SECONDS = 2.0


class _RequestRefused(Exception):
    """Ends the parsing of a request that exceeds a bound."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. `bounded_protocol` makes the class for a server, with its limits and table."""

    limits: ConnectionLimits
    table: ConnectionTable
    phase = Phase.ANSWER

    _unprogressed = 0
    _discarded = 0
    _is_head_pending = False
    _is_body_pending = False
    _has_completed = False
    _refusal: tuple[int, str, str] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._writes = JoinedWrites(transport, self.loop)
        self.transport = cast("asyncio.Transport", self._writes)
        self._facts: dict[object, object] = {}
        if not self.table.add(self, self.client[0] if self.client else ""):
            self.refuse(503, "too_many_connections", "there are too many connections; try again later")

    def connection_lost(self, exc: Exception | None) -> None:
        self.table.remove(self)
        self._writes.discard()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close the connection once its answer is complete; endless answers (event streams) are ended."""
        stopping = self.app_state.get("stopping")
        if stopping is not None:
            stopping.set()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Parse the received data in pieces, so that no part without progress exceeds the bound of a head."""
        while data and not self.transport.is_closing():
            room = self.limits.head_bytes - self._unprogressed
            piece, data = data[:room], data[room:]
            self._unprogressed += len(piece)
            super().data_received(piece)
            if self._unprogressed >= self.limits.head_bytes:
                self.refuse(431, "head_too_large", f"a head has at most {self.limits.head_bytes} bytes")
        self._record_phase()

    def on_message_begin(self) -> None:
        self._is_head_pending = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self.limits.header_bytes:  # it comes in pieces, and may never end
            raise self._stop_parsing(414, f"a URL has at most {self.limits.header_bytes} bytes")

    def on_headers_complete(self) -> None:
        """Begin the request unless its head exceeds a bound; its total size was checked while it arrived."""
        self._check_head()
        self._unprogressed = self._discarded = 0
        self._is_head_pending, self._is_body_pending = False, True
        super().on_headers_complete()
        self.scope.setdefault("extensions", {})[CONNECTION_FACTS] = self._facts

    def _check_head(self) -> None:
        most = self.limits.header_bytes
        if len(self.headers) > self.limits.headers:
            raise self._stop_parsing(431, f"a request has at most {self.limits.headers} headers")
        for name, value in self.headers:
            if len(name) + len(value) > most:
                raise self._stop_parsing(431, f"a header has at most {most} bytes")

    def on_body(self, body: bytes) -> None:
        self._unprogressed = 0
        super().on_body(body)
        if self.cycle.response_complete:
            self._discarded += len(body)
            if self._discarded > _MAX_DISCARDED_BYTES:
                self._close()

    def on_message_complete(self) -> None:
        self._unprogressed = 0
        self._is_body_pending, self._has_completed = False, True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._record_phase()

    def send_400_response(self, msg: str) -> None:
        """Answer a request that cannot be parsed or exceeds a bound, in the JSON shape of all errors."""
        self.refuse(*(self._refusal or (400, "malformed", "this is not an HTTP request")))

    def refuse(self, status: int, code: str, message: str) -> None:
        """Answer with an error, unless an answer has begun, and close the connection."""
        if self.transport.is_closing():
            return
        is_answering = self.cycle is not None and self.cycle.response_started
        if not is_answering or self.cycle.response_complete:
            self.transport.write(_encode_refusal(status, code, message))
        if self.cycle is not None:
            self.cycle.disconnected = True  # wakes the application, which may be waiting for the body
            self.cycle.message_event.set()
        self._close()

    def give_up(self) -> None:
        """Close the connection: it timed out, or another one needs its place."""
        is_idle = self.cycle is not None and self.cycle.response_complete and not self._unprogressed
        if is_idle:
            self._close()
        else:
            self.refuse(408, "timeout", "the request was not sent in time")

    def _close(self) -> None:
        """Close the connection, even if its client does not read the rest of the answer."""
        self.transport.close()
        self.loop.call_later(_CLOSE_SECONDS, self.transport.abort)

    def _record_phase(self) -> None:
        if self._has_completed and (self._is_head_pending or self._is_body_pending):
            self.table.enter(self, Phase.ANSWER)  # a pipelined request: its time begins now
        self._has_completed = False
        if self._is_head_pending:
            phase = Phase.HEAD
        elif self._is_body_pending:
            phase = Phase.BODY
        elif self.cycle is None:
            return  # nothing has arrived: the time for the head runs from the opening
        else:
            phase = Phase.IDLE if self.cycle.response_complete and not self.pipeline else Phase.ANSWER
        self.table.enter(self, phase)

    def _stop_parsing(self, status: int, message: str) -> _RequestRefused:
        self._refusal = (status, "head_too_large", message)
        return _RequestRefused(message)


def bounded_protocol(limits: ConnectionLimits | None = None) -> type[BoundedHttpProtocol]:
    """Make the protocol class for one server, as uvicorn's option `http`."""
    chosen = limits or ConnectionLimits()
    attributes: dict[str, Any] = {"limits": chosen, "table": ConnectionTable(chosen)}
    return type("BoundedHttpProtocol", (BoundedHttpProtocol,), attributes)


def _encode_refusal(status: int, code: str, message: str) -> bytes:
    body = to_json({"error": {"code": code, "message": message}})
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n"
    )
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        head += "retry-after: 5\r\n"
    return head.encode() + b"\r\n" + body
