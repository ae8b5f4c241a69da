"""Files of inbound messages: a media URL redirects to the bytes (Twilio, "Media resource")."""

from __future__ import annotations

from random import Random
from typing import Final

from channels._kit.simulator import SimulatorResponse, parse_data_url

FILES_PATH: Final = "/_cdn/"


class FileStore:
    """Files that contacts sent, by their sid."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._files: dict[str, str] = {}

    def add(self, url: str, base_url: str) -> str:
        """Store a `data:` file and return its media URL below `base_url`; other URLs stay."""
        if parse_data_url(url) is None:
            return url
        sid = f"ME{self._random.getrandbits(128):032x}"
        self._files[sid] = url
        return f"{base_url}{sid}"

    def redirect(self, path: str, own_url: str) -> SimulatorResponse | None:
        """Return the redirect of a media URL to its file; `None` if there is no such file."""
        if (sid := path.rpartition("/Media/")[2]) not in self._files:
            return None
        return SimulatorResponse(307, {"location": f"{own_url}{FILES_PATH}{sid}"})

    def serve(self, path: str) -> SimulatorResponse | None:
        """Return the bytes of a file; `None` if there is no such file."""
        file = parse_data_url(self._files.get(path.removeprefix(FILES_PATH), ""))
        return SimulatorResponse(200, {"content-type": file[0]}, file[1]) if file else None
