"""English."""

from __future__ import annotations

from typing import Final

from flows.wording.sentences import Sentences

ENGLISH: Final = Sentences(
    apologies=(
        "Sorry, something went wrong on our side. Please send your last message again in a moment.",
        "I'm sorry, I still can't answer just now. Please try once more in a few minutes.",
        "Sorry, this is taking longer than it should. Please write again a little later.",
    ),
    gave_up="Sorry, something went wrong on our side. Please write to us again in a moment.",
    overflow="Sorry, so many messages came at once that we could not read the last ones.",
    refused="I'm sorry, I can't help with that here.",
    go_on="I'm listening. Please tell me more.",
    choose="Please choose one of these.",
    farewell="Thank you for writing. Goodbye!",
    closed="This conversation is closed. Thank you for writing.",
    spent="We have been writing for a while now, so I'm passing you on to a colleague, who will answer here.",
    hand_off="I'm passing you on to a colleague, who will answer you right here.",
    other_words="Could you say it in other words?",
    person="If you would rather talk to a person, just say so.",
    leads=(
        "Sorry, I didn't get that.",
        "I'm afraid I still don't follow.",
        "Sorry, that is not something I can help with here.",
    ),
    no_files=("I can't open files here yet.", "I can only read text here, so no files please."),
    sent_picture="(sent a picture)",
    sent_film="(sent a film)",
    sent_sound="(sent a voice note)",
    sent_file="(sent a file)",
    sent_place="(sent a place)",
    no_location=("I can't use a location here.", "I can only read text here, not a location."),
    still_needed="Thank you. I still need {}.",
    unlike="That does not look like {}.",
    not_yet="That date has not come yet.",
    passed="That date has already passed.",
    which_hour="Is that {0} in the morning or {0} in the afternoon?",
    which_one="I see {}. Which one is it?",
    whole="Please write a whole number.",
    four_digits="Please write the year with four digits.",
    no_day="There is no such day as {}.",
    long_ago="{} is too long ago.",
    far_ahead="{} is too far ahead.",
    whole_date="Please write the day, the month and the year.",
    exact_day="Which day exactly?",
    which_day="{} could be {}. Please write the month as a word.",
    exact_time="At what time exactly?",
    noon_or_midnight="Is that noon or midnight?",
    no_time="There is no such time as {}.",
    number_short="That number is too short.",
    number_long="That number is too long.",
    number_incomplete="That number is not complete.",
    number_country="I don't know that country code.",
    months="January February March April May June July August September October November December",
    day="{day} {month} {year}",
    word_and="and",
    word_or="or",
)
