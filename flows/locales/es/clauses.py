"""Spanish words that begin, bind or reserve clauses."""

from __future__ import annotations

from typing import Final

from flows.locales.clause_words import ClauseWords
from flows.locales.folding import phrases, words

CLAUSES: Final = ClauseWords(
    clause_starts=phrases("quiero, necesito, quisiera, deme, dame, páseme, póngame, puede"),
    reservations=phrases(
        "pero, excepto, salvo, menos, aparte de, a no ser que, a menos que, siempre que, siempre y cuando, "
        "aunque, sin embargo, sino, en vez, en lugar, hasta que, antes, después, cuando, solo si, "
        "por ahora, de momento, por el momento, por lo pronto, de entrada, en principio, provisionalmente, "
        "a condición de, en caso de, suponiendo, una vez que, más tarde, más temprano, mejor, primero, "
        "con tal de que, depende, porque, sin que, luego"
    ),
    others_words=phrases("dijo que, dice que, dicen que, dijeron que, dijo sí, dice sí"),
    exceptions=phrases(
        "olvida, olvide, quita, quite, borra, menos, excepto, salvo, aparte de, que no sea, a excepción "
        "de, quitando"
    ),
    preferences=phrases("prefiero, preferimos, preferiría, prefiere"),
    than_words=phrases("a, antes que, que"),
    replacements=phrases(
        "mejor que, antes que, en vez, en vez de, en vez del, en lugar, en lugar de, en lugar del"
    ),
    because_words=phrases("porque, que, q, ya que, pues"),
    conditions=phrases(
        "siempre que, a menos que, a no ser que, cuando, hasta que, antes de, después de, con tal de que"
    ),
    condition_pattern=(
        r"(?<=\w|,|;|\.)[ ,;.]+si (?!(?:por|claro|gracias|señor\w*|resérv\w+|hágalo|hazlo|est[áa] bien|"
        r"es correcto|de acuerdo|vale|ok|perfecto|adelante|todo|quiero|confirm\w+|eso|así|correcto"
        r"|lo quiero|"
        r"la quiero)\b)\w+"
    ),
    strict_conditions=phrases("solo si, sólo si, a menos que, siempre que, a no ser que, depende de, según"),
    value_condition_patterns=(
        r"\b(?:en caso de|suponiendo)\b|^si (?:llueve|nieva|hace|(?:me|nos) dan|mi (?:jefe|jefa|marido"
        r"|mujer|pareja) "
        r"(?:está|puede|quiere|viene|llega|acepta))\b",
        r"(?<=[\w,;.] )(?<!saber )(?<!ver )(?<!decir )(?<!decirme )(?<!dime )(?<!dígame )(?<!preguntar )"
        r"(?<!como )(?<!vale )(?<!ok )(?<!claro )(?<!bueno )(?<!por )si "
        r"(?!no\b(?! (?:es|son|esta|está|queda|quedan) (?:muy|demasiado|tan) (?!tarde|molest)\w)|posible"
        r"|es posible|puede ser|se puede|fuera posible|pudiera|(?:le|te|les|os) "
        r"(?:parece|va|viene|importa)|es tan|por\b|claro|gracias|señor|quiero|quisiera|eso|así|correcto"
        r"|todo|"
        r"(?:puede|puedes|podéis|pueden)\b)[^\W\d]\w+ ",
    ),
    polite_conditions=phrases("si puede ser, si es posible, si se puede, si fuera posible"),
    hypotheses=phrases(
        "le digo que si, te digo que si, le dire, te dire, y si, qué pasa si, si somos, si vamos, si "
        "voy, si fuéramos, si compro, si compramos, si reservo, "
        "si reservamos, si pago, si vengo, si venimos, si cojo, en caso de, cuánto cuesta, cuánto cuestan, "
        "cuánto costaría, cuánto vale, cuánto sería, cuánto es, sale más, sería más, cuesta más, más caro, "
        "más cara, más barato, más barata"
    ),
    hypothetical_starts=phrases(
        "si digo, si diga, si dijera, si respondo, si contesto, si acepto, si confirmo, si pulso, si pongo, "
        "si escribo, si reservo, si compro, si pido, si pago, si firmo, si elijo, si cambio, si quiero, "
        "si queremos, si luego, si después, si yo, cuando diga, cuando confirme, cuando acepte, una vez que, "
        "en cuanto, si lo, si la, si me, si cancelo, si anulo, si dejo, y si, en caso de, qué pasa si"
    ),
    obligations=phrases("tengo que, tenemos que, hay que, debo, debemos, por favor, vamos a, voy a"),
    generalities=phrases(
        "en cualquier momento, cuando quiera, cuando queramos, después, luego, más tarde, "
        "gratis, todavía, aún, "
        "siempre, sin coste"
    ),
    statements=phrases(
        "puedo, podemos, pude, tengo, tenemos, sé, he, hemos, ha, han, es, está, son, están, funciona, "
        "encuentro, llega, llegó, llegado, entiendo, recuerdo, recibí, recibido, veo, hay, sale, fue, era"
    ),
    statement_patterns=(r"cuando (?:\w+ ){3,}",),
    whether_words=phrases("si"),
    indirect_questions=phrases("saber, preguntar, decirme, dígame, dime"),
    past_phrases=phrases(
        "tenía que ser, debía ser, se suponía, iba a ser, estaba prevista, estaba previsto, la última "
        "vez, la otra vez, mi cumpleaños, normalmente, suelo, solemos, el año pasado, la "
        "semana pasada, el mes pasado, el verano pasado, "
        "el invierno pasado, el otro día, ayer, anteayer, anoche, hace años, hace meses, hace semanas, "
        "hace días, hace un año, hace un mes, hace una semana, fui, fuimos, estuve, estuvimos, tuve, "
        "tuvimos, vine, vinimos, pedí, cumplí, cumplió, cumplieron, empezó, empezaron, nació, nacieron, "
        "llegó, llegué"
    ),
    past_patterns=(r"\w{2,}(?:aron|ieron)",),
    past_question_words=words("pasó ocurrió sucedió fue perdió perdiste roto"),
    said_words=words("dije decir digo ponía escribí pensando ahora"),
    saying_words=words("dice dijo"),
    action_verbs=words(
        "llega llegan viene vienen sale dejó llevó trajo estuvo tuvo tiene tienen tenía pagó paga compró "
        "compra reservó reserva hizo hace fue va vive trabaja juega usa "
        "vio siempre alquiló alquila pidió pide estuvo lleva"
    ),
    wish_verbs=phrases("quiere, quería, quisiera, querría, prefiere, desea, le gusta, le gustaría"),
    third_persons=words("él ella"),
    particles=words("ya más aún todavía pues ahora solo sólo"),
    consent_companions=words(
        "aprobado autorizado "
        "ea hala venga ala rápido pronto órale ándale sale va dale enseguida urgente alguien por favor "
        "gracias muchas muy el la los las lo es está eso esto así todo y me le yo "
        "usted que de "
        "bien perfecto genial estupendo excelente fenomenal listo adelante hágalo haga hazlo proceda "
        "confirmo confirmado acuerdo vale ok claro ya ahora pues entonces parece bueno buena buenas hola "
        "encantado encantada seguro segura desde luego supuesto sin problema resérvela resérvelo reserve "
        "datos correctos son efectivamente eh mmm hm deseo puede"
    ),
    hesitations=words("eh mmm hm ah oh datos los mis"),
    value_companions=words(
        "mismo misma total conjunto debe debería sería tiene tienen "
        "sí si no vale bien mejor bueno el la los las a al en de del sobre para por favor gracias entonces "
        "pues que viene próximo próxima este esta quiero quisiera querría me puede puedo va ser sea "
        "cita reserva reservar hora día fecha mañana tarde noche mediodía hoy horas nací nacido nacida "
        "nacimiento número teléfono móvil código dígitos tarjeta termina acaba terminan son es mi pedido "
        "madrugada tardes noches llego llegamos salgo empiezo viajo vengo venimos llegar ir "
        "perdón perdone digo cambiar cambie cámbialo también pero sino prefiero tal vez quizá y "
        "lunes martes miércoles jueves viernes sábado domingo semana temprano disponible libre "
        "correcto otra otro nuevo nueva últimos cuatro aquí tiene año mes "
        "pon ponme ponga póngame pongamos"
    ),
    code_companions=words(
        "número números código códigos dígitos dígito tarjeta termina acaba terminan acaban últimos "
        "últimas cuatro son es mi mis perdón perdone digo no sino sí vale ok por favor gracias aquí "
        "pedido referencia cuenta nuevo nueva otra otro correcto bien entonces espere mejor factura "
        "cliente postal mesa habitación quería decir"
    ),
    value_links=words("desde partir del el a para es y o las la con los"),
    value_connectors=words("un una para con porque y o a por mi yo es sería me está si como"),
)
