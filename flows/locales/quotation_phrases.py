"""Phrases around words that a person did not write: tapbacks, quoted messages, signatures.

Phones send a reaction by SMS as a sentence that quotes the message, and mail programs put what they quote
behind an introduction. One table for all languages: which one a phone is set to says nothing about the
language of the conversation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TAPBACKS: Final[Mapping[str, tuple[str, ...]]] = {
    "👍": (
        "Liked …",
        "Thumbs up …",
        "Gefällt …",
        "Gefällt mir …",
        "Gefällt mir: …",
        "Mag …",
        "Hat … mit „Gefällt mir“ markiert",
        "… gefällt mir",
        "Le gustó …",
        "Le ha gustado …",
        "Le gusta …",
        "Me gusta …",
        "Me gustó …",
    ),
    "❤️": (
        "Loved …",
        "Hearted …",
        "Liebt …",
        "Liebte …",
        "Hat … mit einem Herz markiert",
        "Hat … mit „Liebe ich“ markiert",
        "Findet … toll",
        "Le encantó …",
        "Le ha encantado …",
        "Le encanta …",
        "Me encanta …",
        "Me encantó …",
    ),
    "👎": (
        "Disliked …",
        "Gefällt nicht …",
        "Gefällt mir nicht …",
        "Gefällt mir nicht: …",
        "Mag … nicht",
        "Hat … mit „Gefällt mir nicht“ markiert",
        "… gefällt mir nicht",
        "No le gustó …",
        "No le ha gustado …",
        "No le gusta …",
        "No me gusta …",
        "No me gustó …",
    ),
    "😂": (
        "Laughed at …",
        "Lacht über …",
        "Lachte über …",
        "Hat über … gelacht",
        "Hat … mit „Haha“ markiert",
        "Le dio risa …",
        "Le ha dado risa …",
        "Le da risa …",
        "Me da risa …",
        "Se rió de …",
        "Se ha reído de …",
        "Se ríe de …",
    ),
    "‼️": (
        "Emphasized …",
        "Emphasised …",
        "Betont …",
        "Betonte …",
        "Hob … hervor",
        "Hebt … hervor",
        "Hat … betont",
        "Hat … hervorgehoben",
        "Exclamó por …",
        "Ha exclamado por …",
        "Enfatizó …",
        "Ha enfatizado …",
        "Destacó …",
        "Ha destacado …",
    ),
    "❓": (
        "Questioned …",
        "Hinterfragt …",
        "Hinterfragte …",
        "Fragezeichen zu …",
        "Hat … hinterfragt",
        "Hat … mit einem Fragezeichen markiert",
        "Dudó sobre …",
        "Dudó de …",
        "Ha dudado de …",
        "Preguntó sobre …",
        "Cuestionó …",
        "Ha cuestionado …",
    ),
}
"""Tapbacks by the emoji that they mean; `…` is the place of the quotation."""

EMOJI_TAPBACKS: Final = (
    "Reacted {} to …",
    "Reacted with {} to …",
    "Reacted to … with {}",
    "{} to …",
    "Hat mit {} auf … reagiert",
    "Reagierte mit {} auf …",
    "Hat auf … mit {} reagiert",
    "Mit {} auf … reagiert",
    "Reaktion {} auf …",
    "{} auf …",
    "{} zu …",
    "Reaccionó con {} a …",
    "Ha reaccionado con {} a …",
    "Reaccionó a … con {}",
    "Ha reaccionado a … con {}",
    "{} a …",
)
"""Tapbacks with the emoji itself at `{}`."""

REMOVED_TAPBACKS: Final = (
    "Removed a like from …",
    "Removed a heart from …",
    "Removed a dislike from …",
    "Removed a laugh from …",
    "Removed an exclamation from …",
    "Removed an exclamation mark from …",
    "Removed a question mark from …",
    "Removed a reaction from …",
    "Removed {} from …",
    "Removed {} reaction from …",
    "Removed their {} reaction to …",
    "Hat „Gefällt mir“ von … entfernt",
    "Hat „Gefällt mir nicht“ von … entfernt",
    "Hat ein „Gefällt mir“ von … entfernt",
    "Hat ein „Gefällt mir nicht“ von … entfernt",
    "Hat ein Gefällt mir von … entfernt",
    "Hat ein Gefällt mir nicht von … entfernt",
    "Hat ein Herz von … entfernt",
    "Hat ein Lachen von … entfernt",
    "Hat ein Ausrufezeichen von … entfernt",
    "Hat ein Fragezeichen von … entfernt",
    "Hat {} von … entfernt",
    "{} von … entfernt",
    "„Gefällt mir“ von … entfernt",
    "„Gefällt mir nicht“ von … entfernt",
    "Herz von … entfernt",
    "Entfernte ein „Gefällt mir“ von …",
    "Entfernte {} von …",
    "Quitó un me gusta de …",
    "Quitó un “Me gusta” de …",
    "Quitó un no me gusta de …",
    "Quitó un “No me gusta” de …",
    "Quitó un corazón de …",
    "Quitó una risa de …",
    "Quitó una exclamación de …",
    "Quitó un signo de exclamación de …",
    "Quitó un signo de interrogación de …",
    "Quitó {} de …",
    "Eliminó un me gusta de …",
    "Eliminó un “Me gusta” de …",
    "Eliminó un no me gusta de …",
    "Eliminó un “No me gusta” de …",
    "Eliminó un corazón de …",
    "Eliminó una risa de …",
    "Eliminó una exclamación de …",
    "Eliminó un signo de exclamación de …",
    "Eliminó un signo de interrogación de …",
    "Eliminó {} de …",
    "Eliminó la reacción {} de …",
    "Ha quitado {} de …",
    "Ha eliminado {} de …",
)
"""Tapbacks that take an earlier one back."""

INNER_QUOTATIONS: Final = (
    "Gefällt mir",
    "Gefällt mir nicht",
    "Haha",
    "Liebe ich",
    "Me gusta",
    "No me gusta",
    "Me encanta",
)
"""Names of tapbacks that stand in quotation marks themselves."""

MEDIA: Final = (
    "an image",
    "a photo",
    "a picture",
    "a video",
    "a movie",
    "a sticker",
    "an attachment",
    "an audio message",
    "a voice message",
    "a file",
    "a link",
    "a contact",
    "a location",
    "a message",
    "your message",
    "ein Bild",
    "ein Foto",
    "ein Video",
    "einen Sticker",
    "einen Anhang",
    "eine Audionachricht",
    "eine Sprachnachricht",
    "eine Datei",
    "einem Bild",
    "einem Foto",
    "einem Video",
    "eine Nachricht",
    "deine Nachricht",
    "Ihre Nachricht",
    "una imagen",
    "una foto",
    "un video",
    "un vídeo",
    "un sticker",
    "un archivo adjunto",
    "un archivo",
    "un mensaje de audio",
    "un mensaje de voz",
    "un mensaje",
    "tu mensaje",
    "su mensaje",
)
"""What a tapback names in place of a quotation."""

ATTRIBUTIONS: Final = (
    r"On .{4,200} wrote:",
    r"Am .{4,200} schrieb.{0,120}:",
    r".{2,100} schrieb am .{4,120}:",
    r"El .{4,200} escribió:",
    r".{2,100} escribió el .{4,120}:",
    r"Le .{4,200} a écrit ?:",
    r"Il (?:giorno )?.{4,200} ha scritto:",
    r"Em .{4,200} escreveu:",
    r"Op .{4,200} schreef.{0,120}:",
)
"""Lines before a quoted message, as regular expressions."""

HEADERS: Final = (
    r"\*?From:\*? .{2,200} \*?(?:Sent|Date|To):\*? .{2,200}",
    r"\*?Von:\*? .{2,200} \*?(?:Gesendet|Datum|An):\*? .{2,200}",
    r"\*?De:\*? .{2,200} \*?(?:Enviado(?: el)?|Fecha|Para):\*? .{2,200}",
    r"\*?De ?:\*? .{2,200} \*?(?:Envoyé(?: le)?|Date|À|Enviada(?: em)?|Data) ?:\*? .{2,200}",
    r"\*?Da:\*? .{2,200} \*?(?:Inviato|Data|A):\*? .{2,200}",
    r"\*?Van:\*? .{2,200} \*?(?:Verzonden|Datum|Aan):\*? .{2,200}",
)
"""The first two lines of the header of a quoted e-mail, as regular expressions."""

HEADER_LINE: Final = (
    r"\*?(?:To|Cc|Subject|An|Betreff|Para|Asunto|À|Objet|Assunto|A|Oggetto|Aan|Onderwerp) ?:\*? \S"
)
"""The line that follows them, as a regular expression."""

SEPARATORS: Final = (
    r"-{2,} ?(?:Original Message|Original Appointment|Forwarded message|Reply message) ?-{2,}",
    r"-{2,} ?(?:Ursprüngliche Nachricht|Originalnachricht|Weitergeleitete Nachricht) ?-{2,}",
    r"-{2,} ?(?:Mensaje original|Mensaje reenviado) ?-{2,}",
    r"(?:##-|-{2,}|={2,})? ?(?:Please )?(?:type|write) your reply above this line\.? ?(?:-##|-{2,}|={2,})?",
    r"(?:##-|-{2,}|={2,})? ?Reply above this line\.? ?(?:-##|-{2,}|={2,})?",
    r"(?:##-|-{2,}|={2,})? ?(?:Bitte )?(?:geben|schreiben) Sie Ihre Antwort (?:über|oberhalb) "
    r"dieser Zeile(?: ein)?\.? ?(?:-##|-{2,}|={2,})?",
    r"(?:##-|-{2,}|={2,})? ?(?:Por favor,? )?(?:escriba|introduzca|escribe) (?:su|tu) respuesta (?:por )?"
    r"(?:encima de|arriba de|sobre) esta línea\.? ?(?:-##|-{2,}|={2,})?",
    r"_{20,}",
)
"""Lines below which a mail program quotes, as regular expressions."""

_MAIL_APPS = (
    r"(?:Apple |Yahoo |Windows |Samsung |GMX |WEB\.DE |AOL |Proton ?)?"
    r"(?:Mail|Outlook|Gmail|Yahoo|AOL|Samsung|Windows|Correo|iPhone|iPad|Android|BlackBerry|Huawei|Galaxy)"
)

SIGNATURES: Final = (
    r"Sent from my .{2,40}",
    rf"Sent (?:from|via|with) (?:the )?{_MAIL_APPS}\b.{{0,40}}",
    r"Get Outlook for (?:iOS|Android)\S?",
    r"Gesendet von mein(?:em|er) .{2,40}",
    rf"Gesendet (?:von|mit|über) (?:der |dem )?{_MAIL_APPS}\b.{{0,40}}",
    r"Von mein(?:em|er) .{2,40} gesendet",
    r"Diese Nachricht wurde von mein(?:em|er) .{2,60} gesendet\.?",
    r"Outlook für (?:iOS|Android) (?:beziehen|herunterladen)",
    r"Enviado desde mi .{2,40}",
    rf"Enviado (?:desde|con|por) (?:el )?{_MAIL_APPS}\b.{{0,40}}",
    r"Obtener Outlook para (?:iOS|Android)",
    r"Envoyé (?:de|depuis) mon .{2,40}",
    r"Inviato da(?:l mio)? .{2,40}",
    r"Enviado do meu .{2,40}",
    r"(?:Verstuurd|Verzonden) vanaf mijn .{2,40}",
)
"""Lines that mail programs put at the end of a message, as regular expressions."""
