"""Pictures of a message for a model that can see."""

from __future__ import annotations

from flows.engine.turn_context import TurnContext
from flows.llm import Picture

MAX_PICTURES = 4


async def load_pictures(context: TurnContext) -> tuple[Picture, ...]:
    """Return the turn's pictures, loaded once; none where no loader is set or a picture is unavailable."""
    if context.pictures is None:
        load = context.services.load_picture
        files = [each for each in context.turn.attachments if each.content_type.startswith("image/")]
        channel = context.turn.address.channel
        loaded = [await load(each, channel) for each in files[:MAX_PICTURES]] if load else []
        context.pictures = tuple(picture for picture in loaded if picture is not None)
    return context.pictures
