"""Log lines about stored events: silences, failed deliveries, changes of owner, consent and templates."""

from __future__ import annotations

import logging
from time import monotonic

from core.log_context import log_extra
from core.model import (
    ControlReceived,
    DeliveryStatus,
    Event,
    FailureKind,
    StatusChanged,
    TemplateChanged,
)
from core.ports import AcceptResult
from gateway.redis.inbox.event_encoding import failure_class, template_alarm

log = logging.getLogger("turngate.inbox")

_ALARM_INTERVAL_SECONDS = 60.0


class EventLog:
    """Logs events; a failure that concerns a whole account once a minute."""

    def __init__(self) -> None:
        self._next_alarms: dict[tuple[str, str], float] = {}

    def record(self, event: Event, result: AcceptResult) -> None:
        """Log what an event changed, if an operator should know of it."""
        if result is AcceptResult.SILENCED:
            log.warning(
                "a session is silent from now on, because of its limits against floods and loops; "
                "`turngate sessions` shows it, and why",
                extra=log_extra("session_silenced", session=getattr(event, "turn").session),  # noqa: B009
            )
        elif isinstance(event, StatusChanged) and result is not AcceptResult.STALE:
            _log_failed_delivery(event)
            self._log_account_failure(event)
        elif isinstance(event, ControlReceived) and result is AcceptResult.NEW:
            log.info(
                "the session's owner or consent changed: %s",
                event.act,
                extra=log_extra(f"session_{event.act}", session=event.session, channel=event.address.channel),
            )
        elif isinstance(event, TemplateChanged):
            _log_template_change(event)

    def _log_account_failure(self, event: StatusChanged) -> None:
        """Log a failure that concerns every send of an account, once a minute for each channel and code."""
        if event.failure is not FailureKind.ACCOUNT:
            return
        alarm, now = (event.channel, event.error_code), monotonic()
        if now < self._next_alarms.get(alarm, 0.0):
            return
        self._next_alarms[alarm] = now + _ALARM_INTERVAL_SECONDS
        log.error(
            "%s accepts replies and then reports %s (%s): they are not delivered until the account is in "
            "order; `turngate doctor` and `turngate dead list` show them",
            event.channel,
            event.error_code,
            event.error_text,
        )


def _log_failed_delivery(event: StatusChanged) -> None:
    """Log an undelivered reply, which is sent again or becomes a dead letter."""
    if event.status is DeliveryStatus.FAILED:
        log.warning(
            "%s reports that a message was not delivered (%s): %s %s; `turngate why` shows the next steps",
            event.channel,
            failure_class(event),
            event.error_code,
            event.error_text,
            extra=log_extra(
                "delivery_failed", message=event.provider_id, channel=event.channel, code=event.error_code
            ),
        )


def _log_template_change(event: TemplateChanged) -> None:
    level = logging.ERROR if template_alarm(event) else logging.INFO
    fields = {"status": event.status, "quality": event.quality, "category": event.category}
    changes = ", ".join(f"{name} {value}" for name, value in fields.items() if value)
    reason = f" ({event.reason})" if event.reason else ""
    log.log(level, "%s: template %s (%s): %s%s", event.channel, event.name, event.language, changes, reason)
