"""What a language needs so that the engine can speak it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.model.turn import Turn

_TRIES_BEFORE_PERSON = 2


@dataclass(frozen=True, slots=True)
class Sentences:
    """One language's sentences. `{}` stands for what is put in."""

    apologies: tuple[str, ...]
    gave_up: str
    overflow: str
    refused: str
    go_on: str
    choose: str
    farewell: str
    closed: str
    spent: str
    hand_off: str
    other_words: str
    person: str
    leads: tuple[str, ...]
    no_files: tuple[str, ...]
    sent_picture: str
    sent_film: str
    sent_sound: str
    sent_file: str
    sent_place: str
    no_location: tuple[str, ...]
    still_needed: str
    unlike: str
    not_yet: str
    passed: str
    which_hour: str
    which_one: str
    whole: str
    at_least: str
    at_most: str
    more_than: str
    less_than: str
    too_short: str
    too_long: str
    too_few: str
    too_many: str
    four_digits: str
    no_day: str
    long_ago: str
    far_ahead: str
    whole_date: str
    exact_day: str
    which_day: str
    exact_time: str
    noon_or_midnight: str
    no_time: str
    number_short: str
    number_long: str
    number_incomplete: str
    number_country: str
    months: str
    day: str
    word_and: str
    word_or: str

    @property
    def apology(self) -> str:
        """What is said first when there is no answer."""
        return self.apologies[0]

    def lead(self, misses: int, turn: Turn) -> str:
        """Why there is no answer: never the same sentence twice in a row."""
        said = bool(turn.text.strip() or turn.payload)
        if not said and turn.attachments:
            return self.no_files[misses % len(self.no_files)]
        if not said and turn.location:
            return self.no_location[misses % len(self.no_location)]
        return self.leads[misses % len(self.leads)]

    def sent(self, turn: Turn) -> str:
        """A message without words, as the conversation remembers it and a model reads it."""
        if not turn.attachments:
            return self.sent_place if turn.location else ""
        kinds = {"image": self.sent_picture, "video": self.sent_film, "audio": self.sent_sound}
        return kinds.get(turn.attachments[0].content_type.partition("/")[0], self.sent_file)

    def not_understood(self, misses: int, turn: Turn, question: str, *, knows_person: bool) -> str:
        """What is said instead of silence: that it was not understood, and what is asked here."""
        text = f"{self.lead(misses, turn)} {question}"
        return f"{text}\n\n{self.person}" if knows_person and misses >= _TRIES_BEFORE_PERSON else text

    def spoken(self, day: date) -> str:
        """A day as a person says it: 23 April 1990."""
        return self.day.format(day=day.day, month=self.months.split()[day.month - 1], year=day.year)

    def listed(self, values: Sequence[object]) -> str:
        """Several values in one sentence."""
        return f"{', '.join(map(str, values[:-1]))} {self.word_and} {values[-1]}"
