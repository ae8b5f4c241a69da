"""Questions about something else than a value that is asked for: “do you also take 20 people?”."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.locales import lexicon_for
from flows.nlu.clauses.subject_patterns import AskedWords, is_known_subject, subject_patterns
from flows.text import normalize, normalize_same_length, tokenize

_MIN_WORDS = 3
_MARK = re.compile(r"[.,;:!?()\n…]+(?=\s|$)")


def mask_inquiries(text: str, asked: AskedWords) -> str:
    """Return the text of the same length without the questions that ask for more than whether it can be had.

    “Does the ferry run on Sunday?” has words that are neither of a value nor of what was asked for; “the
    5th?”, “is Monday free?” and “can we come at 5?” are answers.
    """
    patterns = subject_patterns(lexicon_for(asked.language))
    plain = normalize_same_length(text)
    folded = normalize(plain)
    if len(folded) != len(plain) or not ("?" in folded or patterns.inquiry.search(folded)):
        return text
    masked, start = text, 0
    for end, mark in _sentences(folded):
        if _is_inquiry(tokenize(folded[start:end]), asked, is_marked="?" in mark):
            masked = plain = f"{plain[:start]};{' ' * (end - start - 1)}{plain[end:]}"
        start = end
    return masked


def _sentences(folded: str) -> Iterator[tuple[int, str]]:
    """Yield the end of each part between marks, and its mark."""
    for match in _MARK.finditer(folded):
        yield match.start(), match[0]
    yield len(folded), ""


def _is_inquiry(words: tuple[str, ...], asked: AskedWords, *, is_marked: bool) -> bool:
    lexicon = lexicon_for(asked.language)
    patterns, subjects = subject_patterns(lexicon), lexicon.subjects
    if len(words) < _MIN_WORDS or not (subjects.speakers | subjects.openness_words).isdisjoint(words):
        return False
    said = " ".join(words)
    if patterns.request.match(said):
        return False
    if patterns.inquiry.search(said):
        return True
    harmless = patterns.empty | subjects.prepositions | subjects.determiners
    return is_marked and any(
        word.isalpha() and word not in harmless and not is_known_subject(word, asked) for word in words
    )
