"""Log lines: date and time zone, named events, context fields, and no message texts (L12)."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from core.log_context import hide_numbers, log_extra, log_fields
from gateway.config.log_redaction import Redactor
from gateway.config.logging import configure_logging, use_salt
from gateway.redis.connection.outages.outage_log import OutageLog

log = logging.getLogger("turngate.test")
SESSION = "twilio:AC1:+15550100:+15550170"


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("turngate")
    before = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers, root.level = before[0], before[1]
    ours.setLevel(before[2])


def build_whatsapp_id(number: str, tail: bytes = b"3EB0C767D0971A5C9F1D") -> str:
    """Return an ID as Meta makes it, which has the number of the contact."""
    made = b"\x1d\x18" + bytes([len(number)]) + number.encode() + b"\x15\x02\x00\x12\x18\x14" + tail + b"\x00"
    return f"wamid.{b64encode(made).decode()}"


def read_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    [line] = capsys.readouterr().err.splitlines()
    entry: dict[str, Any] = json.loads(line)
    return entry


def test_a_json_line_has_zone_level_event_and_ids(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", worker="host.1")
    use_salt(b"salt")
    with log_fields(session=SESSION, message="SM1", account="twilio:AC1"):
        log.warning("%s rests", "twilio:AC1", extra=log_extra("circuit_breaker_opened", code="20003"))
    entry = read_line(capsys)

    assert datetime.fromisoformat(entry.pop("timestamp")).tzinfo is not None
    assert entry.pop("session").startswith("#")
    assert entry == {
        "level": "warning",
        "logger": "turngate.test",
        "event": "circuit_breaker_opened",
        "text": "twilio:AC1 rests",
        "message": "SM1",
        "account": "twilio:AC1",
        "worker": "host.1",
        "code": "20003",
    }


def test_text_lines_have_the_same_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    with log_fields(session=SESSION):
        log.info("flow reloaded: %s", "kyc")
    line = capsys.readouterr().err
    assert datetime.fromisoformat(line.split()[0]).tzinfo is not None
    assert " INFO    turngate.test: flow reloaded: kyc [flow_reloaded session=#" in line
    assert "15550170" not in line


def test_a_session_has_one_pseudonym_in_all_processes_and_none_without_the_salt() -> None:
    one, other, third = Redactor(), Redactor(), Redactor()
    one.salt = other.salt = b"shared"
    assert one.pseudonym(SESSION) == other.pseudonym(SESSION) != third.pseudonym(SESSION)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("to +1 555 010-0170 failed", "to [number] failed"),
        ("to +15550100170", "to [number]"),
        ("whatsapp:15550100170 is blocked by whatsapp:+15550100170", None),
        ("user 15550100170 is blocked", "user [number] is blocked"),
        ("mail ada.l@example.com", "mail [address]"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer [secret]"),
        ("redis://user:secret@db:6379/0", "redis://[secret]@db:6379/0"),
        ("GET https://api.example.com/x?key=abc", "GET https://api.example.com/x?[…]"),
        ("token is s3cret-value-of-ours.", "token is [secret]."),
        ("after 1000 ms at 12:30", "after 1000 ms at 12:30"),
        ("account AC00000000000000000000000000000001", "account AC00000000000000000000000000000001"),
        ("one\nERROR forged \x1b[31m", "one\n    ERROR forged ?[31m"),
    ],
)
def test_what_a_log_may_not_hold_is_left_out(text: str, redacted: str | None) -> None:
    result = Redactor(["s3cret-value-of-ours,short"]).redact(text)
    assert "+1555" not in result
    if redacted is not None:
        assert result == redacted


@pytest.mark.parametrize("part", ["a", "1", "-1", "+1", "a@", "://", "http://", "a@b.", "token "])
def test_a_long_text_does_not_hold_up_the_process(part: str) -> None:
    """In quadratic time this would take minutes."""
    assert Redactor().redact(part * 200_000)


def test_the_number_in_the_id_of_a_whatsapp_message_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")
    message_id = build_whatsapp_id("15550102360")
    with log_fields(message=f"{message_id}.1"):
        log.warning("no answer to %s", message_id)
    entry = read_line(capsys)

    assert entry["message"] == f"wamid.…{message_id[-36:]}.1"
    assert entry["text"] == f"no answer to wamid.…{message_id[-36:]}"
    assert hide_numbers("wamid.AAA= wamid.Q= wamid. wamid.!") == "wamid.AAA= wamid.Q= wamid. wamid.!"


@pytest.mark.parametrize("level", ["info", "debug"])
def test_a_traceback_tells_the_place_and_the_text_only_if_asked(
    capsys: pytest.CaptureFixture[str], level: str
) -> None:
    configure_logging("json", level)
    words = "my {} is lost".format("card")
    try:
        raise ValueError(words)
    except ValueError:
        log.exception("turn failed")
    entry = read_line(capsys)
    assert "test_logging.py" in entry["exception"]
    assert entry["exception"].splitlines()[-1].strip().startswith("ValueError")
    assert ("card" in entry["exception"]) is (level == "debug")


def test_lines_of_rq_and_uvicorn_look_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    rq = logging.getLogger("rq.worker")
    rq.addHandler(logging.StreamHandler())
    configure_logging("json")
    rq.warning("Moving job")
    assert read_line(capsys)["logger"] == "rq.worker"


def test_an_outage_has_a_line_at_its_begin_and_one_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    outages = OutageLog()
    for _ in range(50):
        outages.record_failure("recovery sweep", ConnectionError())
        outages.record_failure("worker heartbeat", ConnectionError())
    outages.record_failure("recovery sweep", TimeoutError())
    outages.record_success("recovery sweep")
    outages.record_success("worker heartbeat")
    outages.record_success("worker heartbeat")
    events = [getattr(record, "event_name", "") for record in caplog.records]
    assert events == ["redis_unavailable", "redis_unavailable", "redis_available"]
    assert "recovery sweep failed; retrying: Redis cannot be reached" in caplog.messages[0]
    assert "Redis does not answer in time" in caplog.messages[1]
