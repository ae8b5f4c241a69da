"""German answers that are complete in themselves."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases
from flows.locales.short_answers import ShortAnswers

_TELL = r"(?:sagen|angeben|verraten|nennen|mitteilen|preisgeben|herausgeben|beantworten)"
_WISH = r"(?:mochte|will|wollen|mochten|mag|werde|darf)"

SHORT_ANSWERS: Final = ShortAnswers(
    yes=phrases(
        "hab ich, habe ich, haben wir, bin ich, sind wir, will ich, möchte ich, brauche ich, brauch ich, "
        "brauchen wir, ist es, tut es, macht es, das wäre toll, das wäre gut, das wäre schön, "
        "das wäre super, "
        "das wäre nett, das wär toll, das wär super, wäre gut, wäre schön, wäre toll, wäre super, wär gut, "
        "wär schön, wär super, wäre nicht schlecht, wär nicht schlecht, nicht schlecht, logo, logisch, "
        "super, prima, klasse, toll, wunderbar, ausgezeichnet, hervorragend, gut, los, bitte sehr, "
        "keine änderungen, "
        "nichts zu ändern, klar doch, immer doch, unbedingt, na sicher, ich habe einen, ich habe eine, "
        "hab einen, hab eine"
    ),
    no=phrases(
        "braucht es nicht, brauchts nicht, brauche ich keine, ist nicht nötig, hab ich nicht, habe ich "
        "nicht, haben wir nicht, bin ich nicht, sind wir nicht, will ich nicht, "
        "möchte ich nicht, brauche ich nicht, brauch ich nicht, brauchen wir nicht, ist es "
        "nicht, tut es nicht, "
        "macht es nicht, nicht wirklich, hab keinen, hab keine, hab keins, habe keinen, habe keine, "
        "habe keins, haben keinen, haben keine, ich habe keinen, ich habe keine, ich habe "
        "keins, ich hab keinen, "
        "ich hab keine, ich hab keins, wir haben keinen, wir haben keine, wir haben keins, hab ich keinen, "
        "hab ich keine, hab ich keins, nicht nötig, muss nicht sein, das war's, das wars, das "
        "war alles, das ist alles, sonst nichts, nichts mehr, "
        "nein das war's, nein das wars, nein das war alles, nein das ist alles, nein das wäre alles, "
        "das wäre alles, das wär's, das wärs, nein alles gut, nein passt so, nein passt schon, "
        "keinen, keine, keins"
    ),
    amounts={
        "nur ich": 1, "nur ich allein": 1, "nur ich alleine": 1, "ich allein": 1, "ich alleine": 1,
        "allein": 1,
        "alleine": 1, "wir beide": 2, "wir zwei": 2, "nur wir beide": 2, "nur wir zwei": 2,
        "keine": 0, "keiner": 0, "keinen": 0, "keins": 0, "gar keine": 0, "gar keiner": 0, "niemand": 0,
        "ein dutzend": 12,
    },
    courtesies=phrases(
        "vergelt's gott, vergelts gott, ein schatz, rettet mir den tag, haben mir den tag gerettet, habt "
        "mir den tag gerettet, gerettet, goldig, ihr rockt, weiter so, gute arbeit, gut gemacht, toll, "
        "klasse, spitze, "
        "großartig, hervorragend, ausgezeichnet, "
        "fantastisch, wunderbar, genial, geil, cool, top, hilfreich, freundlich, nett, nette, netter, lieb, "
        "begeistert, zufrieden, großes lob, respekt, hut ab, bravo, guter service, toller service, "
        "gerne wieder, immer wieder, sehr gerne, gern geschehen, haha, hihi, lol, das ging schnell, "
        "das ging ja schnell, das ging fix, so schnell, wie schön, bis dann, bis bald, bis später, "
        "bis morgen, "
        "bis nächste woche, bis nächstes mal, bis zum nächsten mal, mach's gut, machs gut, machen sie's gut, "
        "ade, adieu, tschö, tschüssi, tschüssle, tschau, baba, servus, alles gute, schönen tag, "
        "schönen abend, schönes wochenende, gute nacht, "
        "schöne grüße, viele grüße, liebe grüße, freut mich, freu mich, freue mich, freuen uns"
    ),
    tags=phrases("oder, nicht, richtig, ja, stimmt's, stimmts, gell, ok, okay"),
    ignorance=phrases(
        "keine ahnung, kein plan, keinen plan, weiß ich nicht, weiß nicht, weiß es nicht, "
        "weiß ich grad nicht, "
        "weiß ich gerade nicht, weiß ich leider nicht, kenne ich nicht, kenn ich nicht, finde sie nicht, "
        "finde ihn nicht, finde ich nicht, find ich nicht, vergessen, verloren, hab ich nicht, "
        "habe ich nicht, nicht auswendig, nicht im kopf"
    ),
    indifference=phrases(
        "wie oben, wie immer, wie beim letzten mal, wie letztes mal, wie vorher, wie gehabt, wie sonst, "
        "dasselbe, gleiche, gleiche wie immer, egal, ist mir egal, ganz egal, spielt keine rolle, was "
        "sie wollen, wie sie wollen"
    ),
    untold_patterns=(
        rf"\b{_WISH} (?:ich |wir )?(?:\w+ ){{0,4}}?nicht {_TELL}\b",
        r"\b(?:sage?|sagen|verrate?) (?:ich|wir) (?:\w+ ){0,2}nicht\b",
        r"\b(?:ich|wir) (?:sage?|sagen|verrate?n?) (?:\w+ ){0,3}nicht\b",
        r"\b(?:sage?|nenne?|gebe?|verrate?|schicke?) ich (?:\w+ ){0,3}"
        r"(?:am telefon|telefonisch|spater|nachher|dann|personlich|vor ort)\b",
        r"\bich (?:sage?|nenne?|gebe?|verrate?|schicke?) (?:\w+ ){0,4}"
        r"(?:am telefon|telefonisch|spater|nachher|personlich|vor ort)\b",
        r"\bgeht (?:sie|dich|euch|niemanden|keinen) (?:\w+ )?nichts an\b",
        rf"\bungern {_TELL}\b",
        r"\bge(?:be?|ben) (?:ich|wir) (?:\w+ )?(?:ungern|nicht)(?: \w+)? (?:her|raus|heraus)\b",
        r"\bkeine angaben?\b|\bist privat\b",
    ),
    skip_patterns=(r"^\W*(?:bitte )?(?:uberspringen|auslassen|uberspring(?:e|en sie)? das)\W*$",),
)  # fmt: skip
