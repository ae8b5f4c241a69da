"""Messages in English."""

from __future__ import annotations

from typing import Final

from flows.locales.messages import LocaleMessages

MESSAGES: Final = LocaleMessages(
    apologies=(
        "Sorry, something went wrong on our side. Please send your last message again in a moment.",
        "I'm sorry, I still can't answer just now. Please try once more in a few minutes.",
        "Sorry, this is taking longer than it should. Please write again a little later.",
    ),
    processing_failed="Sorry, something went wrong on our side. Please write to us again in a moment.",
    mailbox_overflow="Sorry, so many messages came at once that we could not read the last ones.",
    refusal="I'm sorry, I can't help with that here.",
    continue_prompt="I'm listening. Please tell me more.",
    choose_prompt="Please choose one of these.",
    list_button="Choose",
    farewell="Thank you for writing. Goodbye!",
    conversation_closed="This conversation is closed. Thank you for writing.",
    budget_exhausted="We have been writing for a while now, so I'm passing you on to a colleague, who "
    "will answer "
    "here.",
    hand_off="I'm passing you on to a colleague, who will answer you right here.",
    rephrase_prompt="Could you say it in other words?",
    human_agent_hint="If you would rather talk to a person, just say so.",
    error_prefixes=(
        "Sorry, I didn't get that.",
        "I'm afraid I still don't follow.",
        "Sorry, I'm still not sure what you mean.",
    ),
    files_unsupported=("I can't open files here yet.", "I can only read text here, so no files please."),
    sent_image="(sent a picture)",
    sent_video="(sent a film)",
    sent_audio="(sent a voice note)",
    sent_file="(sent a file)",
    sent_location="(sent a place)",
    location_unsupported=("I can't use a location here.", "I can only read text here, not a location."),
    missing_value="Thank you. I still need {}.",
    invalid_value="That does not look like {}.",
    date_in_future="That date has not come yet.",
    date_in_past="That date has already passed.",
    ambiguous_hour="Is that {0} in the morning or {0} in the afternoon?",
    ambiguous_value="I see {}. Which one is it?",
    whole_number_required="Please write a whole number.",
    at_least="It is at least {}.",
    at_most="It is {} at most.",
    more_than="It is more than {}.",
    less_than="It is less than {}.",
    too_short="That is too short: at least {} letters, please.",
    too_long="That is too long: {} letters at most, please.",
    too_few="At least {} of them, please.",
    too_many="No more than {} of them, please.",
    four_digit_year_required="Please write the year with four digits.",
    invalid_date="There is no such day as {}.",
    date_too_early="{} is too long ago.",
    date_too_late="{} is too far ahead.",
    full_date_required="Please write the day, the month and the year.",
    exact_day_required="Which day exactly?",
    ambiguous_date="{} could be {}. Please write the month as a word.",
    exact_time_required="At what time exactly?",
    noon_or_midnight="Is that noon or midnight?",
    invalid_time="There is no such time as {}.",
    phone_number_too_short="That number is too short.",
    phone_number_too_long="That number is too long.",
    phone_number_incomplete="That number is not complete.",
    unknown_country_code="I don't know that country code.",
    months="January February March April May June July August September October November December",
    date_format="{day} {month} {year}",
    word_and="and",
    word_or="or",
)
