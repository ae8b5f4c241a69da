"""The widget's script as it is served: one response, its caching, and its words in every language."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from gateway.webchat.widget import Widget, build_script, read_languages

LANGUAGES = read_languages()
ENGLISH = LANGUAGES["en"]


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=Widget().routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def test_the_script_is_small() -> None:
    assert len(gzip.compress(build_script().encode())) < 15_000


@pytest.mark.skipif(not shutil.which("node"), reason="no Node.js here")
def test_the_script_is_valid() -> None:
    check = ["node", "--check", "-"]
    result = subprocess.run(check, input=build_script(), capture_output=True, text=True, check=False)

    assert result.stderr == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_word_and_its_placeholders(language: str) -> None:
    words = LANGUAGES[language]

    assert re.fullmatch("[a-z]{2,3}", language)
    assert list(words) == list(ENGLISH)
    for name, text in words.items():
        assert text.strip(), name
        assert set(re.findall(r"\{\w*\}", text)) == set(re.findall(r"\{\w*\}", ENGLISH[name])), name


def test_the_script_uses_every_word_and_no_other() -> None:
    script = build_script()
    used = set(re.findall(r"\bwords\.(\w+)", script)) | set(re.findall(r"\bsay\(\"(\w+)\"", script))

    assert used == set(ENGLISH)


async def test_a_browser_that_has_the_script_does_not_get_it_again(http: httpx.AsyncClient) -> None:
    for encoding in ("gzip, deflate, br", "identity"):
        accepted = {"Accept-Encoding": encoding}
        first = await http.get("/widget.js", headers=accepted)
        tag = first.headers["etag"]
        assert first.text == build_script()
        assert first.headers["content-type"].startswith("text/javascript")
        assert first.headers["cache-control"] == "public, max-age=3600"
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await http.get("/widget.js", headers={**accepted, "If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert again.headers["vary"] == "Accept-Encoding"
        other = await http.get("/widget.js", headers={**accepted, "If-None-Match": '"other"'})
        assert other.status_code == 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip", "gzip"), ("br, GZIP;q=0.5", "gzip"), ("gzip;q=0", None), ("gzip; q=0.000", None), ("", None)],
)
async def test_the_script_is_compressed_for_those_who_read_that(
    http: httpx.AsyncClient, accepted: str, encoding: str | None
) -> None:
    answer = await http.get("/widget.js", headers={"Accept-Encoding": accepted})

    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["etag"].endswith('-gzip"') is (encoding == "gzip")
    assert answer.text == build_script()
