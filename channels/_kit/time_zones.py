"""Time zones of contacts, by their phone number or the place in their profile."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber

from channels._kit.phone_numbers import canonical_number
from core.local_time import load_time_zone


@lru_cache(maxsize=4096)
def find_number_zones(digits: str) -> tuple[str, ...]:
    """Return the time zones of a number in international format; empty if none is known.

    A number that is not of a place has all zones of its country code: only those of countries that have
    such numbers count.
    """
    from phonenumbers import timezone  # a large table, which only quiet hours need

    try:
        number = phonenumbers.parse(canonical_number(f"+{digits}"), None)
    except NumberParseException:
        return ()
    zones = [name for name in timezone.time_zones_for_number(number) if is_time_zone(name)]
    known = {name for country in _find_countries(number) for name in find_country_zones(country)}
    return tuple(name for name in zones if name in known) or tuple(zones)


def _find_countries(number: PhoneNumber) -> Iterator[str]:
    for country in phonenumbers.region_codes_for_country_code(number.country_code or 0):
        if phonenumbers.is_valid_number_for_region(number, country):
            yield country


def find_country_zones(code: str) -> tuple[str, ...]:
    """Return the time zones of a country by its ISO code; empty if it is unknown."""
    return _load_zones().get(code, ())


@lru_cache(maxsize=1024)
def is_time_zone(name: str) -> bool:
    """Return whether this is a time zone of the IANA database."""
    try:
        load_time_zone(name)
    except ValueError:
        return False
    return name != "Etc/Unknown"


def find_number_zone(digits: str) -> str:
    """Return the time zone of a number; empty if it may be one of several."""
    zones = find_number_zones(digits)
    return zones[0] if len(zones) == 1 else ""


def find_place_zone(country: str, city: str = "") -> str:
    """Return the time zone of a country with one, or of a city after which one of several is named.

    Empty if the zone is not certain. `country` is its English name, or its ISO code of two letters.
    """
    wanted = country.strip().casefold()
    zones = _load_zones().get(_load_codes().get(wanted, wanted.upper()), ())
    if len(zones) == 1:
        return zones[0]
    name = _fold(city).replace(" ", "_")
    return next((zone for zone in zones if _fold(zone.rpartition("/")[2]) == name), "")


def _fold(text: str) -> str:
    """Return a name without accents and case, as the names of zones are."""
    decomposed = unicodedata.normalize("NFD", text.strip())
    return "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()


@cache
def _load_codes() -> Mapping[str, str]:
    """Return the ISO codes of countries by their English names."""
    from phonenumbers.geodata.locale import LOCALE_DATA  # a large table, which only quiet hours need

    listed = {name.casefold(): code for code, name in _read_table("iso3166.tab")}
    return listed | {_read_english(names).casefold(): code for code, names in LOCALE_DATA.items()}


def _read_english(names: Mapping[str, str]) -> str:
    """Return the English one of a country's names; `*` stands before the language that has the same name."""
    name = names.get("en", "")
    return names.get(name[1:], "") if name.startswith("*") else name


@cache
def _load_zones() -> Mapping[str, tuple[str, ...]]:
    """Return the time zones of each country by its ISO code."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for code, _, zone, *_ in _read_table("zone.tab"):
        found[code].append(zone)
    return {code: tuple(zones) for code, zones in found.items()}


def _read_table(name: str) -> Iterator[list[str]]:
    """Yield the rows of a table of the IANA database."""
    text = (files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8")
    return (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
