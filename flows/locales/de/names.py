"""German words of names, addresses, places and codes."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.name_words import NameWords

NAMES: Final = NameWords(
    name_words=words("name namen nachname heißen heißt heißt vorname"),
    other_name_words=words("nummer hausnummer adresse straße firma produkt tier tieres hund hundes katze"),
    name_introductions=phrases(
        "ich bin's, ich bins, "
        "an, ich selber, ich selbst, für mich, mich selbst, selbst, selber, "
        "ich heiße, ich heisse, heiße, mein name ist, mein name wäre, mein name, der name ist, name ist, "
        "name, "
        "ich bin der, ich bin die, ich bin, bin der, bin die, das ist, das wäre, auf den namen, auf, "
        "unter, für, "
        "der, die, also, na, ach, äh, ähm, hm, einfach, meine tochter, meinen sohn, mein sohn, meine frau, "
        "mein mann, meinen mann, meine mutter, mein vater, meinen vater, meine freundin, mein freund, "
        "meinen freund"
    ),
    sure_introductions=words("heiße unter name"),
    name_statements=phrases("ich heiße, mein name ist, ich bin der, ich bin die"),
    naming_phrases=phrases("ist, war, wäre, lautet, heißt, muss, sollte, sind"),
    naming_patterns=(
        r"(?:er|sie|es|(?:der|die|das)(?: \w+)?|(?:mein|unser|ihr|sein)\w* \w+) heisst",
        r"(?:sein|ihr|der|unser|dessen|deren)e?(?: \w+)? (?:\w*name) (?:ist|lautet|ware)",
        r"(?:wir|ich) (?:nennen|nenne|rufen|rufe) (?:ihn|sie|es)",
    ),
    naming_end_patterns=(
        r"heisst (?:er|sie|es|(?:der|die|das|(?:mein|unser|ihr|sein)\w*) \w+)",
        r"ist (?:sein|ihr) name",
        r"nennen wir (?:ihn|sie|es)",
    ),
    belonging_words=words("von vom aus bei"),
    name_endings=phrases(
        "mein name, übrigens, ist das, nur so, vielen dank, besten dank, lieben dank, "
        "danke schön, danke sehr, danke im voraus, lg, vg, mfg, haha, freut mich, sehr erfreut, "
        "angenehm, hier, ist mein name, "
        "heiße ich, heiß ich, bin ich, "
        "ist der name, nochmal"
    ),
    complaint_words=words(
        "kompliziert nervig nervt nervend blöd doof albern lästig umständlich verrückt schwierig unsinn"
    ),
    state_words=words(
        "beschäftigt hungrig müde spät dringend unterwegs krank verwirrt arbeit lächerlich besitzer "
        "besitzerin "
        "inhaber inhaberin stammgast kunde kundin mieter mieterin"
    ),
    no_name_starts=phrases("ich habe, ich hab, ich war, wir sind, rufen sie, ruf mich, ruft mich"),
    owners=words("mein meine meinem meinen unser unsere sein seine ihr ihre"),
    relatives=words(
        "freund freundin freunde bruder brüder schwester schwestern frau mann mutter vater mama papa "
        "eltern "
        "sohn tochter kollege kollegin kollegen nachbar nachbarin nachbarn cousin cousine onkel tante "
        "familie team mitbewohner mitbewohnerin partner partnerin chef chefin kinder oma opa"
    ),
    own_words=words("mich mir uns mein meine meinen meinem meiner als"),
    birth_words=words("geburtsdatum geboren geburtstag geburt"),
    address_words=words("adresse anschrift straße lieferadresse"),
    no_address_words=words(
        "irgendwo nähe bin rolle drauf drum ich wir ihr sie du er man dieselbe gleiche selbe immer schon "
        "bereits kennt haben habt wisst nicht"
    ),
    place_words=words("ort wohnort stadt"),
    place_introductions=phrases(
        "ich wohne in, wir wohnen in, wohne in, wohnen in, ich bin in, wir sind in, ich komme aus, wir "
        "kommen aus, das ist in, es ist in, in, aus"
    ),
    code_words=words("kennzeichen nummer code kennung zeichen"),
)
