"""Phrases of mail programs around what they quote: introductions, headers, separators, signatures.

One table for all languages: which one a program is set to says nothing about the language of the
conversation.
"""

from __future__ import annotations

from typing import Final

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
