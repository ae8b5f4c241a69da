"""`TURNGATE_CONFIG`: a TOML file for what differs from channel to channel."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import channels
from core.channel import Pace
from core.concurrency import Concurrency
from core.errors import Misconfigured


class ChannelConfig(BaseModel):
    """One channel's section, `[channels.twilio]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flow: str = ""
    """The flow of this channel, as TURNGATE_FLOW names one; empty: that one."""
    concurrency: Concurrency = Concurrency()
    pace: Pace | None = None
    """Sends a second, in place of the channel's own limits."""


class Config(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: Annotated[dict[str, ChannelConfig], Field(default_factory=dict)]

    @classmethod
    def load(cls, path: Path | None) -> Self:
        """Read the file; without one, nothing differs. Raises `Misconfigured`, naming every problem."""
        if path is None:
            return cls(channels={})
        try:
            found = cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"TURNGATE_CONFIG: {path} cannot be read ({type(error).__name__})") from None
        except tomllib.TOMLDecodeError as error:
            raise Misconfigured(f"TURNGATE_CONFIG: {path} is not TOML: {error}") from None
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
            raise Misconfigured(f"TURNGATE_CONFIG: {path}: {'; '.join(problems)}") from None
        if unknown := sorted(set(found.channels) - set(channels.available())):
            known = ", ".join(channels.available())
            raise Misconfigured(
                f"TURNGATE_CONFIG: {path}: there is no channel {unknown[0]}; known are: {known}"
            )
        return found

    @property
    def concurrency(self) -> Mapping[str, Concurrency]:
        """Each channel's policy, by name."""
        return {name: channel.concurrency for name, channel in self.channels.items()}

    def pace(self, channel: str, own: Pace) -> Pace:
        """How fast a channel may send; `own` are its provider's limits."""
        section = self.channels.get(channel)
        return section.pace if section and section.pace else own
