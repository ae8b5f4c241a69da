"""The configured public URL, compared with the URL that the server received."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from core.errors import MalformedWebhook


def parse_request_target(url: str) -> str:
    """Return the raw path and query of a URL, undecoded. Raises `MalformedWebhook` if it is not ASCII."""
    if not url.isascii():
        raise MalformedWebhook("the URL is not ASCII")
    target = url.partition("#")[0]
    if not target.startswith("/"):
        target = target.partition("://")[2]
        slash = min((at for at in (target.find("/"), target.find("?")) if at >= 0), default=len(target))
        target = target[slash:]
    return target if target.startswith("/") else f"/{target}"


def parse_query_values(url: str, name: str, *, max_fields: int) -> list[str]:
    """Return the decoded values of a query parameter. Raises `MalformedWebhook` if the query is malformed."""
    try:
        pairs = parse_qsl(parse_request_target(url).partition("?")[2], max_num_fields=max_fields)
    except ValueError:
        raise MalformedWebhook("the query string is malformed") from None
    return [value for parameter, value in pairs if parameter == name]


class PublicUrl:
    """A configured public URL. Forwarded headers are ignored, since anybody can send them."""

    def __init__(self, configured: str) -> None:
        parts = urlsplit(configured)
        host = parts.netloc.removesuffix(f":{parts.port}") if parts.port else parts.netloc
        port = parts.port or (443 if parts.scheme == "https" else 80)
        bare, full = f"{parts.scheme}://{host}", f"{parts.scheme}://{host}:{port}"
        self._bases = (full, bare) if parts.port else (bare, full)
        self._prefix = parts.path.rstrip("/")

    def candidates(self, seen: str) -> tuple[str, str]:
        """Return the possible public URLs of a request: as configured, and with the port toggled.

        `seen` is the URL as received; a proxy may or may not have removed the path prefix.
        """
        path = parse_request_target(seen)
        if not path.startswith(f"{self._prefix}/"):
            path = f"{self._prefix}{path}"
        as_configured, toggled = self._bases
        return f"{as_configured}{path}", f"{toggled}{path}"
