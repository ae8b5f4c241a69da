"""Delivery statuses of Meta."""

from __future__ import annotations

import pytest

from core.model import (
    DeliveryStatus,
    FailureKind,
    Ignored,
    StatusChanged,
)
from tests.channels.whatsapp.builders import (
    build_batch,
    build_status,
    build_value,
    parse_events,
)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("sent", DeliveryStatus.SENT),
        ("delivered", DeliveryStatus.DELIVERED),
        ("read", DeliveryStatus.READ),
        ("played", DeliveryStatus.READ),
    ],
)
def test_a_status_returns_the_reply_key(told: str, expected: DeliveryStatus) -> None:
    pricing = {"billable": False, "category": "service", "type": "free_customer_service"}
    [event] = parse_events(build_batch(build_value(statuses=[build_status(told, pricing=pricing)])))

    assert isinstance(event, StatusChanged)
    assert (event.status, event.provider_id, event.reply_key) == (expected, "wamid.X=", "wamid.AAA=.1")
    assert event.details == {"price_category": "service", "price_type": "free_customer_service"}


def test_a_failed_status_has_its_code_and_no_number_in_its_text() -> None:
    errors = [{"code": 131026, "title": "x", "error_data": {"details": "12025550180 is not on WhatsApp"}}]
    [event] = parse_events(build_batch(build_value(statuses=[build_status("failed", errors=errors)])))

    assert isinstance(event, StatusChanged)
    assert (event.status, event.error_code, event.error_text) == (
        DeliveryStatus.FAILED,
        "131026",
        "… is not on WhatsApp",
    )


@pytest.mark.parametrize(
    ("code", "kind", "pause"),
    [
        (131026, FailureKind.UNREACHABLE, 0),
        (131031, FailureKind.ACCOUNT, 0),
        (131042, FailureKind.ACCOUNT, 0),
        (131047, FailureKind.WINDOW, 0),
        (131049, FailureKind.TEMPORARY, 86_400),
        (131056, FailureKind.TEMPORARY, 30),
        (131000, FailureKind.TEMPORARY, 5),
        (999999, FailureKind.PERMANENT, 0),
    ],
)
def test_a_failed_status_is_classified_like_an_answer(code: int, kind: FailureKind, pause: float) -> None:
    [event] = parse_events(
        build_batch(build_value(statuses=[build_status("failed", errors=[{"code": code, "title": "x"}])]))
    )

    assert isinstance(event, StatusChanged)
    assert (event.failure, event.retry_after) == (kind, pause)


def test_an_unknown_status_is_ignored() -> None:
    assert parse_events(build_batch(build_value(statuses=[build_status("warning")]))) == [
        Ignored(reason="unknown status")
    ]


@pytest.mark.parametrize("name", ["failed", "captured", "pending"])
def test_the_status_of_a_payment_is_not_a_delivery_status(name: str) -> None:
    paid = build_status(status=name, type="payment", payment={"reference_id": "r"})

    assert parse_events(build_batch(build_value(statuses=[paid]))) == [Ignored(reason="payment status")]


@pytest.mark.parametrize("more", [{"type": "PAYMENT"}, {"payment": {"reference_id": "r1"}}])
def test_a_payment_is_known_by_its_type_or_its_content(more: dict[str, object]) -> None:
    [event] = parse_events(build_batch(build_value(statuses=[build_status("failed", **more)])))

    assert event == Ignored(reason="payment status")


@pytest.mark.parametrize(
    "errors",
    [
        {"code": 131047},
        [{}, {"code": 131047}],
        [{"title": "x"}, "x", {"code": "131047"}],
        [{"code": 99999999}, {"code": 131047}],
    ],
)
def test_the_error_that_is_known_decides(errors: object) -> None:
    [event] = parse_events(build_batch(build_value(statuses=[build_status("failed", errors=errors)])))

    assert isinstance(event, StatusChanged)
    assert (event.error_code, event.failure) == ("131047", FailureKind.WINDOW)
