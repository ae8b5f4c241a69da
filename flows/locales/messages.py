"""The engine's own messages, a dataclass that each language pack fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.model import UNSUPPORTED_KIND, Turn

_MISSES_BEFORE_HUMAN_HINT = 2


@dataclass(frozen=True, slots=True)
class LocaleMessages:
    """The messages of one language; `{}` is a placeholder."""

    apologies: tuple[str, ...]
    processing_failed: str
    mailbox_overflow: str
    opted_out: str
    opted_out_of_marketing: str
    opted_in: str
    refusal: str
    continue_prompt: str
    choose_prompt: str
    list_button: str
    farewell: str
    conversation_closed: str
    budget_exhausted: str
    hand_off: str
    nobody_free: str
    rephrase_prompt: str
    take_your_time: str
    nothing_done_yet: str
    later_wish: str
    kept_wish: str
    kept_wish_question: str
    examples_hint: str
    quoted_example: str
    human_agent_hint: str
    error_prefixes: tuple[str, ...]
    files_unsupported: tuple[str, ...]
    sent_image: str
    sent_video: str
    sent_audio: str
    sent_file: str
    sent_location: str
    sent_form: str
    sent_contact: str
    sent_order: str
    sent_unsupported: str
    unsupported: str
    location_unsupported: tuple[str, ...]
    missing_value: str
    invalid_value: str
    date_in_future: str
    date_in_past: str
    ambiguous_hour: str
    ambiguous_value: str
    which_value: str
    certain_value_required: str
    exact_number_required: str
    whole_number_required: str
    at_least: str
    at_most: str
    more_than: str
    less_than: str
    too_short: str
    too_long: str
    too_few: str
    too_many: str
    four_digit_year_required: str
    invalid_date: str
    date_too_early: str
    date_too_late: str
    full_date_required: str
    exact_day_required: str
    ambiguous_date: str
    exact_time_required: str
    noon_or_midnight: str
    invalid_time: str
    phone_number_too_short: str
    phone_number_too_long: str
    phone_number_incomplete: str
    unknown_country_code: str
    months: str
    date_format: str
    word_and: str
    word_or: str
    yes_label: str
    no_label: str
    skip_label: str
    label_leads: tuple[str, ...]
    label_articles: tuple[str, ...]
    what_is_wrong: str
    form_cancelled: str
    after_end: str
    already_done: str
    noted: str
    ask_once_more: str
    yes_words: tuple[str, ...]
    no_words: tuple[str, ...]
    cancel_words: tuple[str, ...]
    skip_words: tuple[str, ...]
    nothing_wrong_words: tuple[str, ...]

    @property
    def apology(self) -> str:
        """The first message after an error."""
        return self.apologies[0]

    def error_prefix(self, misses: int, turn: Turn) -> str:
        """Return the start of a fallback message; consecutive misses get different texts."""
        has_text = bool(turn.text.strip() or turn.payload)
        if not has_text and turn.attachments:
            return self.files_unsupported[misses % len(self.files_unsupported)]
        if not has_text and turn.location:
            return self.location_unsupported[misses % len(self.location_unsupported)]
        return self.error_prefixes[misses % len(self.error_prefixes)]

    def describe_wordless_turn(self, turn: Turn) -> str:
        """Describe a message without text for the history and the model."""
        if not turn.attachments:
            return self._describe_without_file(turn)
        kinds = {"image": self.sent_image, "video": self.sent_video, "audio": self.sent_audio}
        return kinds.get(turn.attachments[0].content_type.partition("/")[0], self.sent_file)

    def _describe_without_file(self, turn: Turn) -> str:
        if turn.location:
            return self.sent_location
        if turn.form is not None:
            return self.sent_form
        if turn.contacts:
            return self.sent_contact
        if turn.order:
            return self.sent_order
        return self.sent_unsupported if turn.kind == UNSUPPORTED_KIND else ""

    def fallback_message(self, misses: int, turn: Turn, question: str, *, knows_person: bool) -> str:
        """Return the fallback message: that the user was not understood, and the open question."""
        text = f"{self.error_prefix(misses, turn)} {question}"
        return (
            f"{text}\n\n{self.human_agent_hint}"
            if knows_person and misses >= _MISSES_BEFORE_HUMAN_HINT
            else text
        )

    def join_examples(self, examples: Sequence[str]) -> str:
        """Return the sentence that names what may be said, empty without examples."""
        quoted = [self.quoted_example.format(example) for example in examples]
        named = self.join_list(quoted) if len(quoted) > 1 else "".join(quoted)
        return self.examples_hint.format(named) if named else ""

    def format_date(self, day: date) -> str:
        """Format a day in words, as in 23 April 1990."""
        return self.date_format.format(day=day.day, month=self.months.split()[day.month - 1], year=day.year)

    def join_list(self, values: Sequence[object]) -> str:
        """Join at least two values to a list in words."""
        return f"{', '.join(map(str, values[:-1]))} {self.word_and} {values[-1]}"
