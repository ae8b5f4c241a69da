"""Language lists: greetings, thanks, negations and filler words."""

from __future__ import annotations

from flows.text import tokenize

_ENGLISH_FILLER_TEXT = (
    "a am an and are as at be by can could d do does for from get got had has have hello hey hi how i "
    "i'd i'll i'm i've id if im in is it it's its ive just like ll m me my of on or our please s so "
    "some t thank thanks that that's the their them then there they this to um us want was we what when "
    "where which will with would you your"
)


_GERMAN_FILLER_TEXT = (
    "aber als an auch auf aus bei bin bitte bist da danke das dass dem den der des die dies doch du ein "
    "eine einem einen einer er es etwas euch fur gern habe haben hat hatte ich ihnen ihr ihre im in ist "
    "kann konnen konnte mal man mein meine meinem meinen meiner mich mir mit mochte muss noch nun nur "
    "oder schon sein seine sich sie sind so uber um und uns vom von was wann wegen wenn wer werden wie "
    "wir wird wo wollte zu zum zur"
)


_NEGATION_TEXT = (
    "not no never don't dont doesn't didn't isn't isnt wasn't without neither nor cannot can't "
    "nicht nein kein keine keinen nie niemals ohne weder"
)


_GREETING_TEXT = (
    "hello hi hey hallo hola good morning afternoon evening day there start everyone team "
    "guten morgen tag abend moin servus gruss gott zusammen"
)


_THANKS_TEXT = (
    "thanks thank thx ty cheers great perfect wonderful lovely brilliant ok okay bye goodbye yes cool nice "
    "danke dank dankeschon tschuss tschau ciao super perfekt prima wiedersehen wiederhoren alles klar ok"
)


_THANKS_COMPANION_TEXT = (
    "you so very much a lot have day night good see later then and well vielen schonen schon noch auf gut tag"
)


_NUMBER_TEXTS = (
    "one two three four five six seven eight nine ten eleven twelve",
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth",
    "eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf",
    "erste zweite dritte vierte funfte sechste siebte achte neunte zehnte elfte zwolfte",
)


def content_words(text: str) -> tuple[str, ...]:
    """The words that carry meaning; all of them when none does."""
    every = tokenize(text)
    return tuple(word for word in every if word not in FILLER_WORDS) or every


def is_greeting(text: str) -> bool:
    """Whether nothing but a greeting was said."""
    said = tokenize(text)
    return bool(said) and len(said) <= 5 and all(word in GREETING_WORDS for word in said)


def is_small_talk(text: str) -> bool:
    """Whether nothing but thanks, a goodbye or an okay was said, as after an end."""
    said = tokenize(text)
    return (
        0 < len(said) <= 8 and _SMALL_TALK_WORDS.issuperset(said) and not _THANKS_COMPANIONS.issuperset(said)
    )


def is_negation(word: str) -> bool:
    """Whether a word denies what stands beside it."""
    return word in NEGATION_WORDS or word.endswith("n't")


def is_negated(start: int, among: tuple[str, ...]) -> bool:
    """Whether one of the three words before position `start` denies it."""
    return any(map(is_negation, among[max(0, start - 3) : start]))


FILLER_WORDS = frozenset(tokenize(f"{_ENGLISH_FILLER_TEXT} {_GERMAN_FILLER_TEXT}"))


_ENGLISH_WORDS = frozenset(tokenize(f"{_ENGLISH_FILLER_TEXT} yes not don't good morning hello"))


_GERMAN_WORDS = frozenset(tokenize(f"{_GERMAN_FILLER_TEXT} ja nein nicht kein guten tag hallo moin servus"))


LANGUAGE_MARKERS = {"en": _ENGLISH_WORDS - _GERMAN_WORDS, "de": _GERMAN_WORDS - _ENGLISH_WORDS}
"""Words by which a language is known, and not another one."""


_THANKS_COMPANIONS = frozenset(tokenize(_THANKS_COMPANION_TEXT)) - frozenset(tokenize(_THANKS_TEXT))


_SMALL_TALK_WORDS = _THANKS_COMPANIONS | frozenset(tokenize(_THANKS_TEXT))


NEGATION_WORDS = frozenset(tokenize(_NEGATION_TEXT))


GREETING_WORDS = frozenset(tokenize(_GREETING_TEXT))


NUMBER_WORDS = {
    name: number for names in _NUMBER_TEXTS for number, name in enumerate(tokenize(names), start=1)
}
