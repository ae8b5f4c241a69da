"""Spanish words that make the name of a choice another one."""

from __future__ import annotations

from typing import Final

from flows.locales.choice_words import ChoiceWords
from flows.locales.folding import words

CHOICES: Final = ChoiceWords(
    colours=words(
        "azul rojo roja verde amarillo amarilla naranja morado morada violeta rosa marrón negro negra blanco "
        "blanca gris beige dorado dorada plateado plateada turquesa claro clara oscuro oscura marino"
    ),
    sizes=words(
        "pequeño pequeña mediano mediana grande corto corta largo larga ancho ancha estrecho estrecha fino "
        "fina grueso gruesa"
    ),
    strengths=words("caliente frío fría picante dulce fuerte suave"),
    degrees=words(
        "extra xl xxl ultra súper muy más demasiado demasiada bastante doble triple medio media semi casi "
        "tan mini maxi mega"
    ),
    degree_links=words("de"),
    companions=words(
        "talla color tono solo sólo nada todo todas todos nomás mejor liso lisa normal puro pura entrega "
        "envío camisa camisas"
    ),
    missing_patterns=(
        r"\b(?:perdi|perdido|perdida|robaron|robado|robada|caducada?o?|bloqueada?o?|rota|roto)\b",
        r"\bya (?:tengo|tenemos|se)\b|\b(?:tengo|tenemos) (?:\w+ ){1,3}en casa\b|\bse me cae\b",
    ),
    comparisons_before=(r"\b(?:mas|menos) \w+ que (?:la |el |las |los |una |un )?$",),
    comparisons_behind=(r"que (?:la|el|las|los)\b", r"como (?:mi|el|la|los|las|un|una)\b"),
    is_shaded_behind=True,
)
