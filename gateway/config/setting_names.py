"""Names of settings: detects unknown ones, variables of other software, and suggests the nearest name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from difflib import SequenceMatcher, get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

VENDOR_VARIABLES: Final = frozenset(
    {
        *("TWILIO_API_KEY", "TWILIO_API_SECRET", "TWILIO_EDGE", "TWILIO_REGION"),
        *("ZENDESK_DOMAIN", "ZENDESK_PASSWORD", "ZENDESK_SUBDOMAIN"),
    }
)
"""Variables of the providers' own tools: the Twilio CLI and libraries, and zcli."""

OTHER_SETTINGS: Final = "TURNGATE_OTHER_SETTINGS"

_SERVICE_LINK = re.compile(
    r"_SERVICE_HOST$|_SERVICE_PORT(?:_[A-Z0-9_]+)?$|_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?$"
)
_MAX_LENGTH: Final = 10_000
_QUOTED = re.compile(r"""(["']).*\1""", re.DOTALL)
_SERVICE_PORT_VALUE = re.compile(r"(?:tcp|udp|sctp)://")
_SIMILAR_PREFIX = 0.75
_SIMILAR_NAME = 0.85
_SIMILAR_REST: Final = 0.5


def describe_unknown_settings(
    environ: Mapping[str, str], known: Collection[str], prefixes: tuple[str, ...]
) -> str:
    """Return a sentence about every variable that is a misspelt setting; empty if there is none.

    Every variable that begins with one of `prefixes` has to be known.
    """
    suspects = {name: _normalize(name) for name in environ if name not in known}
    suspects = {name: plain for name, plain in suspects.items() if _is_suspect(plain, known, prefixes)}
    if not suspects:
        return ""
    foreign = _split(environ.get(OTHER_SETTINGS, ""))
    referenced = frozenset(_find_references(environ.get("TURNGATE_CONFIG", "")))
    unknown = [
        (name, plain)
        for name, plain in sorted(suspects.items())
        if name not in referenced
        and not _is_foreign(name, environ[name])
        and not any(fnmatchcase(name, pattern) for pattern in foreign)
    ]
    if not unknown:
        return ""
    sentences = [f"{name} is not a known setting{suggest_name(plain, known)}" for name, plain in unknown]
    return f"{'; '.join(sentences)} (a variable of other software: name it in {OTHER_SETTINGS})"


def describe_malformed_settings(environ: Mapping[str, str], known: Set[str]) -> str:
    """Return a sentence about every value that cannot be that of any setting; empty if there is none.

    Shells and `.env` remove quotation marks; `docker run --env-file` and `kubectl --from-env-file` do not.
    """
    problems = {name: _find_malformation(environ[name].strip()) for name in sorted(known & environ.keys())}
    return "; ".join(f"{name} {problem}" for name, problem in problems.items() if problem)


def _find_malformation(value: str) -> str:
    if len(value) > _MAX_LENGTH:
        return f"is longer than {_MAX_LENGTH:,} characters"
    if _QUOTED.fullmatch(value):
        return "is in quotation marks, which are a part of the value here; leave them out"
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        return "is not UTF-8 text"  # Python stands such bytes for by halves of surrogate pairs
    return ""


def suggest_name(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?` with the nearest known name, one of the same prefix before all others."""
    known = list(known)
    prefix, separator, rest = name.partition("_")
    if rest in known:  # TURNGATE_PORT for PORT
        return f"; did you mean {rest}?"
    siblings = {each.partition("_")[2]: each for each in known if each.startswith(prefix + separator)}
    if own := get_close_matches(
        rest, siblings, n=1, cutoff=_SIMILAR_REST
    ):  # the shared prefix must not make names similar
        return f"; did you mean {siblings[own[0]]}?"
    if siblings:
        return ""
    nearest = get_close_matches(name, known, n=1)
    return f"; did you mean {nearest[0]}?" if nearest else ""


def _normalize(name: str) -> str:
    """Return a name as a setting would be written: capitals and underscores."""
    return re.sub(r"[-. ]", "_", name.upper())


def _is_suspect(name: str, known: Collection[str], prefixes: tuple[str, ...]) -> bool:
    """Return whether a variable claims to be a setting: by its prefix, or as it nearly has one's name.

    A prefix with digits, such as TWILIO2, is no typo.
    """
    if name.startswith(prefixes):
        return True
    first = name.partition("_")[0]
    is_near = any(
        name.startswith(prefix[:-1]) or SequenceMatcher(None, first, prefix[:-1]).ratio() >= _SIMILAR_PREFIX
        for prefix in prefixes
    )
    if not is_near or any(letter.isdigit() for letter in first):
        return False
    ours = [each for each in known if each.startswith(prefixes)]
    return bool(get_close_matches(name, ours, n=1, cutoff=_SIMILAR_NAME))


def _is_foreign(name: str, value: str) -> bool:
    """Return whether a variable belongs to a provider's tool, or Kubernetes sets it for a service."""
    if name in VENDOR_VARIABLES:
        return True
    found = _SERVICE_LINK.search(name)
    if found is None:
        return False
    return found[0] != "_PORT" or _SERVICE_PORT_VALUE.match(value) is not None


def _find_references(config: str) -> Iterator[str]:
    """Yield the variables that accounts in the file refer to; what is wrong with it is reported elsewhere."""
    try:
        document = tomllib.loads(Path(config).read_text(encoding="utf-8")) if config else {}
    except (OSError, ValueError):
        return
    pending: list[object] = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, str) and value.startswith("$"):
            yield value[1:]
            yield f"{value[1:]}_FILE"


def _split(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]
