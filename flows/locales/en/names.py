"""English words of names, addresses, places and codes."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.name_words import NameWords

NAMES: Final = NameWords(
    name_words=words("name named names surname called who"),
    other_name_words=words("number numbers address company business street product pet dog cat"),
    name_introductions=phrases(
        "to, me, myself, for me, for myself, "
        "my name is, my name's, my names, my full name is, the name is, the name's, name is, name's, name, "
        "full name, i'm, im, i am, it's, its, it is, this is, that's, thats, that would be, call me, "
        "put it under, put it on, put it in, put it down as, put, book it under, book it in, book it on, "
        " under, in the name of, on the name, for, make it, just, "
        "well, oh, ah, um, uhm, er, so, then, hmm, "
        "my son, my daughter, my wife, my husband, my mum, my mom, my mother, my dad, my father, my kid, "
        "my child, my brother, my sister, my friend, my partner, my boss, my girlfriend, my boyfriend"
    ),
    sure_introductions=words("i'm im under name"),
    name_statements=phrases("my name is, my name's, my surname is, i am called, i'm called"),
    naming_phrases=phrases("is, was, 's, should be, should read, must be, has to be, would be, are"),
    naming_patterns=(
        r"(?:his|her|their|its|it's|(?:my|our|the)(?: \w+(?:'s)?){0,2}?) (?:full |first |last )?names?"
        r"(?:'s| is| would be)",
        r"(?:he|she|it|they|(?:my|our|the) \w+(?: \w+)?)(?:'s|s| is|'re| are) (?:called|named)",
        r"(?:we|i|they|you can) (?:all )?(?:just )?call (?:him|her|it|them)",
        r"(?:called|named|(?:he|she|it) goes by)",
    ),
    naming_end_patterns=(
        r"is (?:his|her|its|their) name",
        r"is what (?:we|i|they) call (?:him|her|it|them)",
        r"(?:he|she|it)(?:'s| is) called",
    ),
    belonging_words=words("from of at with"),
    name_endings=phrases(
        "btw, by the way, actually, though, my name, is the one, nice to meet you, pleased to meet you, "
        "here, speaking, haha, lol, many thanks, thank you, thank you so much, thank you very much, "
        "thanks a lot, "
        "thanks so much, thanks in advance,  is my name, is the name, as well, again"
    ),
    complaint_words=words(
        "complicated annoying annoyed stupid ridiculous silly boring confusing difficult weird tedious "
        "nonsense"
    ),
    state_words=words(
        "busy hungry tired late urgent ready confused lost sick ill driving waiting working walking "
        "cooking "
        "shopping travelling traveling sleeping owner customer client tenant"
    ),
    no_name_starts=phrases("call me later, call me back, i have, i've got, i was, we are, we're"),
    owners=words("my our his her their"),
    relatives=words(
        "friend friends brother brothers sister sisters wife husband mother father mum mom dad parents son "
        "daughter colleague colleagues neighbour neighbor neighbours neighbors cousin uncle aunt flatmate "
        "roommate family team boyfriend girlfriend partner boss kids children grandma grandpa"
    ),
    own_words=words("me us my our myself ourselves"),
    birth_words=words("birth born birthday birthdate dob"),
    address_words=words("address street"),
    no_address_words=words(
        "somewhere nearby near matter i i'm i've i'll i'd you you're you've you'll we we're we've we'll "
        "he she they they've same before "
        "usual already know have don't not"
    ),
    place_words=words("town city village"),
    place_introductions=phrases(
        "i live in, we live in, i'm in, we're in, i am in, we are in, i'm from, we're from, it's in, it "
        "is in, that's in, in, from"
    ),
    code_words=words("plate plates registration reg vin licence license number code reference serial imei"),
)
