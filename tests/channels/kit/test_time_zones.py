"""Time zones by phone number and by place; an ambiguous one has no result."""

from __future__ import annotations

import pytest

from channels._kit.time_zones import find_number_zone, find_place_zone


@pytest.mark.parametrize(
    ("country", "city", "zone"),
    [
        ("Ireland", "", "Europe/Dublin"),
        ("united kingdom", "Leeds", "Europe/London"),
        ("South Korea", "", "Asia/Seoul"),
        ("AT", "", "Europe/Vienna"),
        ("United States", "New York", "America/New_York"),
        ("Brazil", "São Paulo", "America/Sao_Paulo"),
        ("United States", "Springfield", ""),
        ("United States", "", ""),
        ("Atlantis", "Dublin", ""),
        ("", "", ""),
    ],
)
def test_a_place_has_a_zone_if_it_is_certain(country: str, city: str, zone: str) -> None:
    assert find_place_zone(country, city) == zone


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("4917012345678", "Europe/Berlin"),
        ("18762101234", "America/Jamaica"),  # libphonenumber names all zones of +1
        ("447400123456", "Europe/London"),
        ("5215512345678", "America/Mexico_City"),  # as WhatsApp spells it
        ("61412345678", ""),
        ("12", ""),
        ("", ""),
        ("999" * 5, ""),
    ],
)
def test_a_number_has_a_zone_if_it_belongs_to_one(number: str, zone: str) -> None:
    assert find_number_zone(number) == zone
