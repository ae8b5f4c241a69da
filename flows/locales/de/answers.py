"""German words of a yes or a no."""

from __future__ import annotations

from typing import Final

from flows.locales.answer_words import AnswerWords
from flows.locales.folding import phrases, words

ANSWERS: Final = AnswerWords(
    yes=words("ja jo jup jawohl jawoll joh jepp jep joa jau jap jou jaja"),
    no=words("nein ne nee nö nope"),
    lone_no=words("nein nee nope"),
    modal_particles=words("ja ne"),
    correct=words("richtig korrekt wahr einverstanden stimmt passt"),
    emphatic_yes=words(
        "selbstverständlich perfekt jep jepp joa gern okay genau klar gerne natürlich sicher exakt klaro "
        "sicherlich "
        "freilich logo definitiv absolut oki okidoki bestätigt bestätige bestätigen aufjedenfall"
    ),
    incorrect=words("falsch nie niemals"),
    intensifiers=words("ganz gar leider überhaupt wirklich so"),
    yes_phrases=phrases(
        "aber natürlich, aber gern, aber gerne, aber klar, aber sicher, nur zu, kein problem, keine "
        "frage, keine einwände, auf jeden fall, warum nicht, ohne zweifel, in ordnung, mach das, machen "
        "sie das, machen wir so, so machen wir es, so machen wir das, mach ruhig, von mir aus, "
        "sehr gerne, sehr gern, mit vergnügen, geht klar, alles klar, das passt, leg los, legen sie los, "
        "sieht gut aus, klingt gut, alles bestens, sehr gut, hört sich gut an, gefällt mir, "
        "alles gut, nicht schlecht, wäre nicht schlecht, wär nicht schlecht, auf alle fälle, los geht's, "
        "los gehts, "
        "machen wir, mach mal, geht in ordnung, eh klar, das geht, gut so, na gut"
    ),
    no_phrases=phrases(
        "auf keinen fall, auf gar keinen fall, natürlich nicht, sicher nicht, bestimmt nicht, keinesfalls, "
        "stimmt nicht, stimmt so nicht, stimmt leider nicht, passt nicht, passt mir nicht, leider nicht, "
        "leider nein, lieber nicht, besser nicht, eher nicht, zum glück nicht, zum glück keine, "
        "zum glück keinen, gott sei dank nicht, gott sei dank keine, nicht dass ich wüsste"
    ),
    doubt_phrases=phrases(
        "nicht sicher, nicht ganz sicher, nicht klar, keine ahnung, weiß nicht, weiß ich nicht, "
        "weiß es nicht, wissen wir nicht, wissen wir noch nicht, weiß noch nicht, weiß ich noch nicht, "
        "noch nicht, jetzt nicht, vielleicht, kommt darauf an"
    ),
    yes_alone=words("doch j"),
    no_alone=words("n"),
    not_yet=phrases("noch nicht, bisher nicht, bislang nicht, noch nie, bisher noch nicht"),
    generic=words("hallo nichts hilfe frage super"),
)
