"""Kept webhooks contain no secrets, whatever their format: form, JSON, XML, multipart, lines, headers."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ports import Webhook
from gateway.middleware.inbox.webhook_recorder import redact
from gateway.middleware.redaction.secret_names import REDACTED
from gateway.middleware.redaction.webhook_redaction import redact_body, redact_headers
from gateway.redis.records.operators.kept_webhooks import MAX_BYTES

SECRET, KEPT = "s3cr3t/7+a=", "Where is my parcel?"


def build_part(name: str, content: str, line_end: str = "\r\n", head: str = "") -> str:
    return line_end.join(
        (f"--xyz{line_end}Content-Disposition: form-data; {name}{line_end}{head}", content, "")
    )


def join_parts(*found: str, end: str = "--xyz--\r\n") -> str:
    return "".join([*found, end])


TEXT = build_part('name="text"', KEPT)
BODIES = {
    "part": join_parts(TEXT, build_part('name="token"', SECRET)),
    "part, line feeds": join_parts(
        build_part('name="text"', KEPT, "\n"), build_part("name=api_key", SECRET, "\n"), end="--xyz--\n"
    ),
    "part, cut off": join_parts(TEXT, build_part('name="auth_token"', SECRET[:5]), end=""),
    "part, name encoded": join_parts(TEXT, build_part("name*=utf-8''t%6Fken", SECRET)),
    "part, name in pieces": join_parts(TEXT, build_part('name*0="to"; name*1="ken"', SECRET)),
    "part of several lines": join_parts(TEXT, build_part('name="password"', f"a\r\n\r\n{SECRET}")),
    "part that is JSON": join_parts(TEXT, build_part('name="payload"', f'{{"token": "{SECRET}"}}')),
    "header of a part": join_parts(
        TEXT, build_part('name="a"', "b", head=f"Authorization: Bearer {SECRET}\r\n")
    ),
    "parts after a preamble": "a message in parts\r\n" + join_parts(TEXT, build_part('name="jwt"', SECRET)),
    "element": f"<a><text>{KEPT}</text><token>{SECRET}</token></a>",
    "element with a prefix": f"<s:a><t>{KEPT}</t><w:SecurityToken t='b'>{SECRET}</w:SecurityToken></s:a>",
    "element with elements": f"<a><text>{KEPT}</text><Credentials><v>{SECRET}</v></Credentials></a>",
    "element, quoted": f"<a><text>{KEPT}</text><token><![CDATA[</token>{SECRET}]]></token></a>",
    "element, cut off": f"<a><text>{KEPT}</text><secret>{SECRET}",
    "attribute": f"<a text='{KEPT}' apiKey = \"{SECRET}\"/>",
    "attribute, single quotes": f"<?xml version='1.0'?><a text='{KEPT}' token='{SECRET}'/>",
    "attribute beside its name": f'<a><p name="t&#111;ken" value="{SECRET}"/><p value="{KEPT}"/></a>',
    "element beside its name": f"<a><m><name>token</name><value>{SECRET}</value></m><t>{KEPT}</t></a>",
    "element before its name": f"<a><m><value>{SECRET}</value>\n<name>x-token</name></m><t>{KEPT}</t></a>",
    "element with its name": f'<a><p name="password">{SECRET}</p><t>{KEPT}</t></a>',
    "URL in an element": f"<a><u>https://a.example/?access_token={SECRET}</u><t>{KEPT}</t></a>",
    "pair": f'{{"fields": [{{"name": "token", "value": "{SECRET}"}}], "text": "{KEPT}"}}',
    "pair, value first": f'[{{"value": {{"v": "{SECRET}"}}, "key": "API-Key"}}, "{KEPT}"]',
    "pair, other words": f'[{{"Header": "Authorization", "Val": ["{SECRET}"]}}, "{KEPT}"]',
    "pair, cut off": f'{{"text": "{KEPT}", "fields": [{{"name": "token", "value": "{SECRET}',
    "pair, escaped": f'[{{"name": "t\\u006fken", "value": "{SECRET}"}}, "{KEPT}"]',
    "list of headers": f'{{"headers": [["Authorization", "{SECRET}"]], "text": "{KEPT}"}}',
    "flat list of headers": f'{{"rawHeaders": ["Host", "a", "X-Token", "{SECRET}"], "text": "{KEPT}"}}',
    "credentials": f'{{"headers": {{"X-Custom": "Bearer {SECRET}"}}, "text": "{KEPT}"}}',
    "user of a URL": f'{{"url": "https://ada:s3cr3t@a.example/x", "text": "{KEPT}"}}',
    "fragment of a URL": f'{{"url": "https://a.example/x#access_token={SECRET}", "text": "{KEPT}"}}',
    "signature of a URL": f'{{"url": "https://a.example/x?sv=1&sig={SECRET}", "text": "{KEPT}"}}',
    "pair of a form": f"text={KEPT}&name=token&value={SECRET}",
    "pairs of a form": f"text={KEPT}&f[0][name]=api%5Fkey&f[0][value]={SECRET}&f[1][name]=a&f[1][value]=b",
    "lines": f"text: {KEPT}\nclient_secret: {SECRET}\n",
    "lines of a form": f"text={KEPT}\r\npassword={SECRET}\r\n",
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_keeps_its_text_and_loses_its_secret(kind: str) -> None:
    kept = redact_body(BODIES[kind])

    assert KEPT in kept
    assert "s3cr3t" not in kept
    assert REDACTED in kept or "redacted" in kept


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "Ada", "value": 7, "text": "my token is 7: Basic information, please"}',
        '{"text": "Basic information"}',
        '{"id": 12, "value": "x", "title": "Reset password"}',
        '["I lost my token", "what now?"]',
        "Body=my+token%3A+x&name=Ada&value=7",
        "<a><text>my token is 7</text><name>Ada</name><value>7</value></a>",
        join_parts(
            build_part('name="text"', "my token: 7 of 9"), build_part('name="f"; filename="token.txt"', "x")
        ),
        '{"url": "https://a.example/x?page=2#top", "mail": "ada@example.com"}',
        "Body=50%25+off&Signatory=" + "a" * 10,
    ],
)
def test_what_people_say_of_secrets_stays(body: str) -> None:
    assert redact_body(body) == body


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("authorization", f"Basic {SECRET}", REDACTED),
        ("x-hub-signature-256", SECRET, REDACTED),
        ("cookie", SECRET, REDACTED),
        ("x-custom", f"Bearer {SECRET}", f"Bearer {REDACTED}"),
        ("x-parameters", f"a=1; session_token={SECRET}; b=2", f"a=1; session_token={REDACTED}; b=2"),
        ("referer", f"https://a.example/?a=1&token={SECRET}", f"https://a.example/?a=1&token={REDACTED}"),
        ("x-url", "https://ada:s3cr3t@a.example/", f"https://{REDACTED}@a.example/"),
        ("x-context", f'{{"token":"{SECRET}"}}', f'{{"token":"{REDACTED}"}}'),
        ("user-agent", "TwilioProxy/1.1", "TwilioProxy/1.1"),
        ("content-type", "multipart/form-data; boundary=xyz", "multipart/form-data; boundary=xyz"),
    ],
)
def test_a_header_loses_its_secret(name: str, value: str, kept: str) -> None:
    assert redact_headers({name: value}) == {name: kept}


@given(
    st.sampled_from(sorted(BODIES)),
    st.integers(0, 300),
    st.text("<>&=\"'{}[]:\\,%-\r\n ", max_size=8),
    st.integers(0, 300),
)
def test_a_mutilated_body_is_not_an_error(kind: str, at: int, inserted: str, cut: int) -> None:
    body = BODIES[kind]
    redact_body(f"{body[:at]}{inserted}{body[at:]}"[: len(body) - cut % len(body)])


@pytest.mark.parametrize("size", [MAX_BYTES])
@pytest.mark.parametrize(
    "piece",
    [
        *("<token>", "<a token='", "<value>a</value>", "<name>token", "<![CDATA[", "--x\r\n", "name=token&"),
        *('{"name":"token","value":', "token:", "?#;token=", "://a", "Bearer 1"),
        'content-disposition\r\n--x name="',
    ],
)
def test_a_hostile_body_is_bounded(piece: str, size: int) -> None:
    started_at = process_time()
    redact(Webhook("POST", "https://bots.example.com/", {}, (piece * (size // len(piece))).encode()), [])
    redact(
        Webhook("POST", "https://bots.example.com/", {}, ("<a>" + piece * (size // len(piece))).encode()), []
    )
    assert process_time() - started_at < 1.5
