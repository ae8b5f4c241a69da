"""Uploaded files of the simulator, served at the URLs that messages contain."""

from __future__ import annotations

from random import Random
from typing import Final

from channels._kit.simulator import SimulatorRequest, SimulatorResponse, parse_multipart
from channels.sunshine.simulator.responses import error_response, json_response

FILES_PATH: Final = "/files/"


class FileStore:
    """Files by their path: type and bytes."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._files: dict[str, tuple[str, bytes]] = {}

    def handle_upload(self, request: SimulatorRequest) -> tuple[SimulatorResponse, str]:
        """Store the file of a multipart request; return the response and the URL in it."""
        file = parse_multipart(request).get("source")
        if file is None:
            return error_response(400, "bad_request", "source is required"), ""
        path = f"{FILES_PATH}{self._random.getrandbits(96):024x}"
        self._files[path] = file
        url = f"http://{request.headers.get('host', 'api.example.com')}{path}"
        return json_response(201, {"attachment": {"mediaUrl": url, "mediaType": file[0]}}), url

    def serve(self, path: str) -> SimulatorResponse:
        """Return a file by the path of its URL, which needs no credentials."""
        if (file := self._files.get(path)) is None:
            return error_response(404, "not_found")
        return SimulatorResponse(200, {"content-type": file[0]}, file[1])
