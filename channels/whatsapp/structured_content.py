"""Parses orders, shared contacts and adverts of WhatsApp messages (Meta, "Webhooks reference")."""

from __future__ import annotations

from typing import Final

from channels._kit.inbound import JsonObject, get_number, get_object, get_object_list, get_text, read_vcard
from core.model import ContactCard, Order, OrderItem, Referral

_MAX_ITEMS: Final = 50
_MAX_ENTRIES: Final = 10
_MAX_VCARD_LENGTH: Final = 8000
_ADDRESS_FIELDS: Final = ("street", "zip", "city", "state", "country")


def parse_order(value: JsonObject) -> Order:
    """Return an order with its first items."""
    items = get_object_list(value, "product_items")[:_MAX_ITEMS]
    return Order(catalog_id=get_text(value, "catalog_id"), items=tuple(map(_parse_item, items)))


def parse_contact_cards(cards: list[JsonObject]) -> tuple[ContactCard, ...]:
    """Return the first shared contacts."""
    return tuple(map(_parse_card, cards[:_MAX_ITEMS]))


def parse_referral(value: JsonObject) -> Referral | None:
    """Return the advert that a contact came from, if there is one."""
    referral = Referral(
        source_id=get_text(value, "source_id"),
        source_type=get_text(value, "source_type", 40),
        source_url=get_text(value, "source_url", 1000),
        headline=get_text(value, "headline", 500),
        body=get_text(value, "body", 1000),
        click_id=get_text(value, "ctwa_clid", 500),
        media_type=get_text(value, "media_type", 40),
        media_url=get_text(value, "image_url", 1000) or get_text(value, "video_url", 1000),
        welcome_text=get_text(get_object(value, "welcome_message"), "text", 1000),
    )
    return None if referral == Referral() else referral


def _parse_item(item: JsonObject) -> OrderItem:
    return OrderItem(
        product_id=get_text(item, "product_retailer_id"),
        quantity=get_number(item, "quantity"),
        price=get_number(item, "item_price"),
        currency=get_text(item, "currency", 10),
    )


def _parse_card(card: JsonObject) -> ContactCard:
    addresses = [_format_address(each) for each in get_object_list(card, "addresses")[:_MAX_ENTRIES]]
    vcard = get_text(card, "vcard", _MAX_VCARD_LENGTH)
    return ContactCard(
        name=_get_name(get_object(card, "name")) or next(iter(read_vcard(vcard, "FN")), ""),
        phones=_get_phones(card) or read_vcard(vcard, "TEL"),
        emails=_get_texts(card, "emails", "email") or read_vcard(vcard, "EMAIL"),
        addresses=tuple(filter(None, addresses)),
        urls=_get_texts(card, "urls", "url"),
        organization=get_text(get_object(card, "org"), "company"),
    )


def _get_name(name: JsonObject) -> str:
    parts = filter(None, [get_text(name, field) for field in ("first_name", "middle_name", "last_name")])
    return get_text(name, "formatted_name") or " ".join(parts)


def _get_phones(card: JsonObject) -> tuple[str, ...]:
    """Return the numbers as written, or else as WhatsApp knows them."""
    known = [f"+{each.removeprefix('+')}" for each in _get_texts(card, "phones", "wa_id")]
    return _get_texts(card, "phones", "phone") or tuple(known)


def _get_texts(card: JsonObject, name: str, field: str) -> tuple[str, ...]:
    """Return one field of each entry of a list."""
    entries = [get_text(entry, field) for entry in get_object_list(card, name)[:_MAX_ENTRIES]]
    return tuple(filter(None, entries))


def _format_address(address: JsonObject) -> str:
    return ", ".join(filter(None, [get_text(address, name) for name in _ADDRESS_FIELDS]))
