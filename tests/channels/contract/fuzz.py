"""Fuzzing of real webhooks: hostile values in any field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from hypothesis import strategies as st

from channels._kit.inbound import FORM_CONTENT_TYPE
from core.ports import Webhook

LONG_ID: Final = "Q" * 4096
DEEP: Final = 100_000

_RAW: Final[dict[str, bytes]] = {
    "@nan@": b"NaN",
    "@infinity@": b"-Infinity",
    "@huge@": b"1e999",
    "@digits@": b"9" * 5000,
    "@surrogate@": b'"\\ud83d"',
    "@arrays@": b"[" * DEEP + b"]" * DEEP,
    "@objects@": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "@open@": b"[" * DEEP,
}
"""Invalid JSON that no serializer writes; it replaces its name in the serialized body."""

_VALUES: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**63,
    "",
    " ",
    "0",
    "null",
    "\x00",
    "\ud800",
    "‮",
    "a\r\nb",
    LONG_ID,
    "0",
    "4102444800",
    0,
    4102444800,
    4102444800000,
    "1970-01-01T00:00:00Z",
    "2100-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    [],
    {},
    [[]],
    [{}],
    [None, 7, "x", []],
    {"a": {}},
    *_RAW,
)


def replace_each_field(hook: Webhook, value: object) -> Iterator[Webhook]:
    """Yield the webhook with the value in one field after the other."""
    if hook.headers.get("content-type", "").startswith(FORM_CONTENT_TYPE):
        pairs = parse_qsl(hook.body.decode(), keep_blank_values=True)
        for at, (name, _) in enumerate(pairs):
            changed = [*pairs[:at], (name, str(value)), *pairs[at + 1 :]]
            yield replace(hook, body=urlencode(changed).encode())
        return
    for *way, last in _paths(json.loads(hook.body)):
        made = place = json.loads(hook.body)
        for step in way:
            place = place[step]
        place[last] = value
        yield replace(hook, body=json.dumps(made).encode())


@st.composite
def draw_hostile(draw: st.DrawFn, hook: Webhook) -> Webhook:
    """Draw the webhook with one to three changed fields, sometimes duplicate keys, UTF-16 or a cut end."""
    if hook.headers.get("content-type", "").startswith(FORM_CONTENT_TYPE):
        body = _draw_form(draw, hook.body)
    else:
        body = _draw_document(draw, hook.body)
    match draw(st.integers(0, 19)):
        case 0:
            body = body.decode("utf-8", "replace").encode("utf-16")
        case 1:
            body = body[: draw(st.integers(0, len(body)))]
        case 2:
            body = b"\xef\xbb\xbf" + body
    return replace(hook, body=body)


def _draw_document(draw: st.DrawFn, body: bytes) -> bytes:
    made = deepcopy(json.loads(body))
    for _ in range(draw(st.integers(1, 3))):
        paths = list(_paths(made))
        if not paths:
            break
        *way, last = draw(st.sampled_from(paths))
        place = made
        for step in way:
            place = place[step]
        match draw(st.sampled_from(["put", "put", "put", "drop", "double", "wrap"])):
            case "drop":
                del place[last]
            case "double":
                place[last] = [place[last], place[last]]
            case "wrap":
                place[last] = {"value": place[last]}
            case _:
                place[last] = deepcopy(draw(st.sampled_from(_VALUES)))
    if isinstance(made, dict) and made and draw(st.integers(0, 9)) == 0:
        name = draw(st.sampled_from(sorted(made)))  # the key twice: parsers differ in which one counts
        again = json.dumps({name: draw(st.sampled_from(_VALUES))})
        written = f"{json.dumps(made)[:-1]}, {again[1:]}"
    else:
        written = json.dumps(made)
    raw = written.encode()
    for name, put in _RAW.items():
        raw = raw.replace(json.dumps(name).encode(), put)
    return raw


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (key,)
        for rest in _paths(inner):
            yield (key, *rest)


def _draw_form(draw: st.DrawFn, body: bytes) -> bytes:
    pairs = parse_qsl(body.decode(), keep_blank_values=True)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(pairs) - 1))
        name, _value = pairs[at]
        match draw(st.sampled_from(["put", "put", "put", "drop", "double"])):
            case "drop":
                del pairs[at]
            case "double":
                pairs.insert(at, (name, str(draw(st.sampled_from(_VALUES)))))
            case _:
                pairs[at] = (name, str(draw(st.sampled_from(_VALUES))))
        if not pairs:
            break
    return urlencode(pairs, errors="surrogatepass").encode()
