"""Logging configuration: one line per event to standard error, without message texts, numbers or secrets.

Every module logs with the standard library; structlog renders these records and those of RQ, uvicorn and
Redis alike, as text for people or as JSON. The fields are in docs/deploy.md.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import structlog

from core.log_context import current_log_fields
from gateway.config.log_redaction import Redactor

_OTHERS_WITH_HANDLERS = ("rq.worker", "rq.job", "uvicorn", "uvicorn.error")
_FIELDS = ("session", "message", "account", "channel", "worker", "code", "reason")
_redactor = Redactor()


def configure_logging(
    log_format: str = "text", level: str = "info", *, secrets: Iterable[str] = (), worker: str = ""
) -> None:
    """Log our own events from `level` on, others' from WARNING on (from INFO on, RQ's about its worker).

    `secrets` never appear in a line; `worker` is this worker's name, and a field of every line.
    """
    global _redactor
    _redactor = Redactor(secrets)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_build_formatter(log_format, _redactor, worker, shows_errors=level == "debug"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("turngate").setLevel(level.upper())
    for name in _OTHERS_WITH_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def use_salt(salt: bytes) -> None:
    """Use the audit log's salt for the pseudonyms of sessions, so that they are the same in all processes."""
    _redactor.salt = salt


def name_worker(name: str = "") -> str:
    """Return the name of this process in the log: host, process, and RQ's name of a worker."""
    own = f"{socket.gethostname()}.{os.getpid()}"
    return f"{own}.{name[:8]}" if name else own


def _build_formatter(
    log_format: str, redactor: Redactor, worker: str, *, shows_errors: bool
) -> logging.Formatter:
    is_json = log_format == "json"
    renderer: Any = (
        structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=False) if is_json else _render_text
    )
    return structlog.stdlib.ProcessorFormatter(
        processors=[_build_entry(redactor, worker, shows_errors=shows_errors), renderer],
    )


def _build_entry(
    redactor: Redactor, worker: str, *, shows_errors: bool
) -> Callable[[Any, str, structlog.types.EventDict], structlog.types.EventDict]:
    """Build the processor that turns a record into the entry's fields."""

    def build(logger: Any, method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        record: logging.LogRecord = event["_record"]
        given = {name: str(value) for name, value in getattr(record, "event_fields", {}).items() if value}
        fields = {**current_log_fields(), **({"worker": worker} if worker else {}), **given}
        entry: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created)
            .astimezone()
            .isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": getattr(record, "event_name", "") or _name_event(record),
            "text": redactor.redact(str(event["event"])),
        }
        for name, value in fields.items():
            if name == "session":
                entry[name] = redactor.pseudonym(value)
            else:
                entry[name] = value if name in ("account", "worker", "channel") else redactor.redact(value)
        exception = event.get("exc_info")
        if exception and exception[1]:
            entry["exception"] = redactor.redact(_describe(exception[1], shows_errors=shows_errors))
        return entry

    return build


def _name_event(record: logging.LogRecord) -> str:
    """Return the name of an event that has none of its own: the fixed words with which its line begins."""
    words = re.sub(r"%[\w.]+", " ", str(record.msg))
    name = re.sub(r"[^a-z]+", "_", re.split(r"[:;,(\n]", words.strip(" :"))[0].lower()).strip("_")
    return name[:60] or "log"


def _describe(error: BaseException, *, shows_errors: bool) -> str:
    """Return where an exception comes from; its text, which may quote a message, only if asked for."""
    lines = traceback.format_tb(error.__traceback__)
    text = f"{type(error).__name__}: {error}" if shows_errors else type(error).__name__
    return "".join(lines) + text


def _render_text(logger: Any, method: str, entry: structlog.types.EventDict) -> str:
    shown = {name: entry[name] for name in _FIELDS if name in entry and name != "worker"}
    fields = "".join(f" {name}={value}" for name, value in shown.items())
    line = (
        f"{entry['timestamp']} {entry['level'].upper():7} {entry['logger']}: {entry['text']}"
        f" [{entry['event']}{fields}]"
    )
    return f"{line}\n{entry['exception']}" if "exception" in entry else line
