"""Public URLs: which ones a provider can call."""

from __future__ import annotations

import pytest

from channels._kit.simulator import PublicUrls

GATEWAY = "http://127.0.0.1:8000/webhooks/twilio#rc=3&rp=all"


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/a.png?size=1",
        "http://files.shop.example:8080/",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/a.png",
        "http://127.0.0.1:8000/files/1",
        "HTTP://127.0.0.1:8000/files/1",
    ],
)
def test_a_public_url_and_one_of_the_gateway_are_reachable(url: str) -> None:
    assert PublicUrls([GATEWAY]).is_reachable(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8001/files/1",
        "https://127.0.0.1:8000/files/1",
        "http://localhost:8000/files/1",
        "http://[::1]/",
        "http://10.0.0.1/",
        "http://192.168.1.2/a.png",
        "http://169.254.169.254/latest",
        "http://web/a.png",
        "http://redis.internal/",
        "http://printer.local./",
        "http://my_host.example/",
        "http://user:secret@shop.example/",
        "ftp://shop.example/a.png",
        "https://",
        "https:///a.png",
        "https://shop.example:port/",
        "https://shop.example/a b",
        "https://[shop.example/",
        "notaurl",
        "/a.png",
        "",
        None,
        7,
    ],
)
def test_another_local_private_or_malformed_url_is_not(url: object) -> None:
    assert not PublicUrls([GATEWAY]).is_reachable(url)


def test_an_origin_can_be_added() -> None:
    urls = PublicUrls()
    urls.allow("http://127.0.0.1:9/files/1")
    urls.allow("notaurl")

    assert urls.is_reachable("http://127.0.0.1:9/files/2")
