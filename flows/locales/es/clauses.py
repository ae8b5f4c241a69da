"""Spanish words that bind clauses, deny or reserve."""

from __future__ import annotations

from typing import Final

from flows.locales.lexicon import ClauseWords, phrases, words

CLAUSES: Final = ClauseWords(
    reservations=phrases(
        "pero, excepto, salvo, menos, aparte de, a no ser que, a menos que, siempre que, siempre y cuando, "
        "aunque, sin embargo, sino, en vez, en lugar, hasta que, antes, después, cuando, solo si, "
        "más tarde, más temprano, mejor, primero, con tal de que, depende, porque, sin que, luego"
    ),
    exceptions=phrases(
        "olvida, olvide, quita, quite, borra, menos, excepto, salvo, aparte de, que no sea, a excepción "
        "de, quitando"
    ),
    replacements=phrases(
        "mejor que, antes que, en vez, en vez de, en vez del, en lugar, en lugar de, en lugar del"
    ),
    waiting=phrases(
        "espera, espere, esperen, un momento, momento, momentito, un segundo, segundo, un minuto, "
        "un momentito, todavía no, aún no, no todavía, no aún, ahora vuelvo, una cosa más, dame un minuto, "
        "deme un minuto, "
        "déjame pensar, déjeme pensar, a ver, espérate, espera un poco"
    ),
    doubts=phrases(
        "tal vez, quizá, quizás, a lo mejor, no estoy seguro, no estoy segura, no está seguro, "
        "no está segura, "
        "creo que, igual, "
        "creo, supongo, "
        "probablemente, posiblemente, puede ser, puede que, me parece, diría que"
    ),
    errands=phrases(
        "antes tengo que, primero tengo que, todavía tengo que, aún tengo que, tengo que consultarlo, "
        "tengo que hablarlo, tenemos que hablarlo, antes quiero, antes hablo"
    ),
    particles=words("ya más aún todavía pues ahora solo sólo"),
    strict_conditions=phrases("solo si, sólo si, a menos que, siempre que, a no ser que, depende de, según"),
    value_condition_patterns=(
        r"\b(?:en caso de|suponiendo)\b|^si (?:llueve|nieva|hace|(?:me|nos) dan|mi (?:jefe|jefa|marido"
        r"|mujer|pareja) "
        r"(?:está|puede|quiere|viene|llega|acepta))\b",
        r"(?<=[\w,;.] )(?<!saber )(?<!ver )(?<!decir )(?<!decirme )(?<!dime )(?<!dígame )(?<!preguntar )"
        r"(?<!como )(?<!vale )(?<!ok )(?<!claro )(?<!bueno )(?<!por )si "
        r"(?!no\b|posible|es posible|puede ser|se puede|fuera posible|pudiera|(?:le|te|les|os) "
        r"(?:parece|va|viene|importa)|es tan|por\b|claro|gracias|señor|quiero|quisiera|eso|así|correcto"
        r"|todo|"
        r"(?:puede|puedes|podéis|pueden)\b)[^\W\d]\w+ ",
    ),
    polite_conditions=phrases("si puede ser, si es posible, si se puede, si fuera posible"),
    objection_patterns=(
        r"\bseria (?:\w+ )?(?:mentira|mentir|exagerar|exagerado|exagerada|exageracion|mucho decir)\b",
        r"\b(?:mentiria|exageraria) si\b",
        r"\b(?:odio|no soporto|agotad\w|detesto|no me gustan?)\b",
        r"\bes (?:\w+ )?imposible\b|\besta (?:llen|ocupad|complet)[oa]\b|\b(?:va|viene|venia|queda"
        r"|iria) (?:muy |fatal|)mal\b|\besta mal\b|\bes (?:incorrecto|un error)\b|\balergic\w\b"
        r"|\bestoy (?:fuera|ocupad\w|de viaje)\b|\bpodriamos (?:acabar|llegar)\b|\bno (?:lo|la|los"
        r"|las) pag\w+\b",
    ),
    conclusions=phrases("así que, o sea, en total, total"),
    upper_bounds=phrases("no más de, como mucho, como máximo, a lo sumo, hasta, máximo, máx"),
    limit_words=words("máximo máxima tope límite"),
    excess_patterns=(
        r"\b(?:tengo|tenemos) (?:otr[ao]|una reunion|un compromiso)\b|\bes mi dia libre\b"
        r"|\btengo que trabajar\b",
        r"\bdemasiad\w+\b|\bmuy (?:pequen\w|grande|car\w|tarde|temprano|pront\w)\b",
        r"\b(?:me|nos|le) quedan? (?:\w+ )?(?:pequen\w*|grandes?|just\w+|cort\w+|larg\w+)\b",
        r"\b(?:cancelaron|han cancelado)\b|\bse han (?:caido|borrado)\b",
    ),
    outdated_patterns=(
        r"\bya no\b|\bera (?:el|la|mi) (?:antigu|viej|anterior)\w*|\b(?:antigu[ao]|viej[ao]"
        r"|anterior) (?:era|es)\b|\bno es mi[ao]\b",
    ),
    numbered_nouns=words("mesa habitación sala año curso línea autobús bus fila página versión número"),
    delays=phrases("ahora no, por ahora no, depende"),
    wishes=phrases(
        "quiero, quisiera, quería, necesito, deseo, querría, me gustaría, me interesa, busco, prefiero, "
        "hace falta, pienso, voy a"
    ),
    statements=phrases(
        "puedo, podemos, pude, tengo, tenemos, sé, he, hemos, ha, han, es, está, son, están, funciona, "
        "encuentro, llega, llegó, llegado, entiendo, recuerdo, recibí, recibido, veo, hay, sale, fue, era"
    ),
    clause_starts=phrases("quiero, necesito, quisiera, deme, dame, páseme, póngame, puede"),
    condition_pattern=(
        r"(?<=\w|,|;|\.)[ ,;.]+si (?!(?:por|claro|gracias|señor\w*|resérv\w+|hágalo|hazlo|est[áa] bien|"
        r"es correcto|de acuerdo|vale|ok|perfecto|adelante|todo|quiero|confirm\w+|eso|así|correcto"
        r"|lo quiero|"
        r"la quiero)\b)\w+"
    ),
    conditions=phrases(
        "siempre que, a menos que, a no ser que, cuando, hasta que, antes de, después de, con tal de que"
    ),
    negative_questions=phrases(
        "no puedo, no podría, no podemos, no se puede, no hay, no tienen, no me puede, no me pueden, "
        "por qué no puedo, por qué no me"
    ),
    consent_companions=words(
        "aprobado autorizado "
        "ea hala venga ala rápido pronto órale ándale sale va dale enseguida urgente alguien por favor "
        "gracias muchas muy el la los las lo es está eso esto así todo y me le yo "
        "usted que de "
        "bien perfecto genial estupendo excelente fenomenal listo adelante hágalo haga hazlo proceda "
        "confirmo confirmado acuerdo vale ok claro ya ahora pues entonces parece bueno buena buenas hola "
        "encantado encantada seguro segura desde luego supuesto sin problema resérvela resérvelo reserve "
        "datos correctos son efectivamente"
    ),
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
    but_words=words("pero aunque"),
    setting_words=words("pon ponme ponga póngame pongamos mejor"),
    because_words=phrases("porque, que, q, ya que, pues"),
    remark_subjects=words("eso ese es"),
    code_companions=words(
        "número números código códigos dígitos dígito tarjeta termina acaba terminan acaban últimos "
        "últimas cuatro son es mi mis perdón perdone digo no sino sí vale ok por favor gracias aquí "
        "pedido referencia cuenta nuevo nueva otra otro correcto bien entonces espere mejor factura "
        "cliente postal mesa habitación quería decir"
    ),
    value_links=words("desde partir del el a para es y o las la con los"),
    value_connectors=words("un una para con porque y o a por mi yo es sería me está si como"),
    amount_modifiers_before=phrases(
        "al menos, por lo menos, como mucho, como máximo, como mínimo, hasta, más de, menos de, casi, "
        "unos, "
        "unas, alrededor de, aproximadamente, la mitad de, media, medio, mínimo, máximo, otros, otras, no "
        "más de"
    ),
    amount_modifiers_after=phrases(
        "más, menos, o más, o menos, o así, como mínimo, como máximo, por ciento, al menos, más menos"
    ),
    approximations=phrases(
        "unos, unas, alrededor de, aproximadamente, más o menos, aproximado, aproximada, cerca de, o así"
    ),
    addition_words=words("otros otras más adicionales"),
    bounds_behind=phrases(
        "como muy pronto, como muy tarde, como pronto, como tarde, en adelante, a más tardar"
    ),
    second_thoughts=words("uy ay vaya bueno mejor perdón digo diga perdona espera broma"),
    own_words=words("mí mi mis me nos de que"),
    request_starts=phrases(
        "puedo, podría, podríamos, podemos, me puede, me puedes, me da, me das, me pone, me pones, puede, "
        "puedes, me gustaría"
    ),
    inflections=words("s es a as o os"),
    amount_multipliers={"docena": 12, "docenas": 12},
    ranked_nouns=words("piso planta fila curso página línea capítulo calle"),
    ground_words=phrases("planta baja, bajo, bajos"),
    both_phrases=phrases("entre los dos, entre las dos, los dos juntos, las dos juntas"),
    minutes_in_words={"media hora": 30, "una hora": 60, "cuarto de hora": 15, "hora y media": 90},
    half_units=words("media medio"),
    name_words=words("nombre nombres llama llamas llamo apellido apellidos quién"),
    other_name_words=words("número dirección calle empresa producto mascota perro gato"),
    address_words=words("dirección domicilio calle"),
    place_words=words("ciudad pueblo localidad población municipio"),
    place_introductions=phrases(
        "vivo en, vivimos en, estoy en, estamos en, soy de, somos de, es en, está en, en"
    ),
    no_address_words=words(
        "cerca algún me importa ya saben sabéis sabes tienen tenéis tienes estuvieron estuvisteis misma "
        "mismo siempre vinieron "
        "vinisteis no tengo sé"
    ),
    name_introductions=phrases(
        "yo mismo, yo misma, para mí, "
        "me llamo, mi nombre es, mi nombre completo es, el nombre es, nombre, soy, se llama, es para, es, "
        "para, "
        "a nombre de, al nombre de, a, de, el, la, pues, bueno, eh, ah, ponlo a nombre de, póngalo a "
        "nombre de, "
        "mi hijo, mi hija, mi mujer, mi marido, mi madre, mi padre, mi esposa, mi esposo, mi amigo, mi "
        "amiga, "
        "mi novio, mi novia"
    ),
    naming_patterns=(
        r"(?:(?:el|ella|(?:el|la|mi|su|nuestr[oa]) \w+) )?se llaman?",
        r"(?:su|el) nombre(?: completo)?(?: de(?:l| la| mi| su)? \w+)? es",
        r"(?:le|la|lo) (?:llamamos|llamo|pusimos|decimos)",
    ),
    naming_end_patterns=(
        r"se llaman?(?: (?:el|ella|(?:el|la|mi|su|nuestr[oa]) \w+))?",
        r"es su nombre",
        r"(?:le|la|lo) llamamos",
    ),
    belonging_words=words("de del"),
    name_endings=phrases(
        "mi nombre, por cierto, pues, encantado, encantada, mucho gusto, es mi nombre, me llamo, otra vez, "
        "muchas gracias, mil gracias, muchísimas gracias, gracias de antemano, un saludo, saludos, "
        "jaja, jeje"
    ),
    birth_words=words("nacimiento nació naciste nacido nacida cumpleaños"),
    people_words=words(
        "personas gente adultos comensales invitados plazas participantes pasajeros viajeros "
        "visitantes jugadores pilotos corredores alumnos"
    ),
    people_counts=phrases(
        "para #, somos #, seremos #, # personas, vienen #, venimos #, vendrán #, vamos a ser #, vamos #"
    ),
    closing_words=words("gracias adiós despide"),
    topics=(
        phrases(
            "costar, costará, costaría, cuesta, cuestan, cuánto cuesta, cuánto cuestan, cuánto "
            "vale, cuánto es, cuánto sale, cuánto cobran, precio, "
            "precios, tarifa, caro, coste, pagar"
        ),
        phrases(
            "abrís, abren, abierto, abierta, horario, horarios, cerráis, cierran, a qué hora abre, a qué "
            "hora cierra"
        ),
        phrases("dónde estáis, dónde están, dirección, dónde es, dónde queda, cómo llego, ubicación"),
        phrases("cuánto tarda, cuánto dura, cuánto tiempo, cuánto tardan"),
        phrases("aparcar, aparcamiento, parking, estacionar, garaje"),
        phrases("mascota, mascotas, perro, perros, gato, gatos"),
        phrases("foto, fotos, imagen, imágenes"),
        phrases("wifi, internet"),
        phrases("niño, niña, niños, niñas"),
    ),
    ordinals=words(
        "primer primero primera segundo segunda tercer tercero tercera cuarto cuarta quinto último última "
        "penúltimo"
    ),
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
    owners=words("mi mis su sus nuestro nuestra nuestros nuestras"),
    relatives=words(
        "amigo amiga amigos amigas hermano hermana hermanos hermanas mujer marido esposa esposo madre "
        "padre "
        "mamá papá padres hijo hija compañero compañera vecino vecina vecinos primo prima tío tía novio "
        "novia familia equipo pareja jefe jefa hijos abuela abuelo"
    ),
    saying_words=words("dice dijo"),
    deed_verbs=words(
        "llega llegan viene vienen sale dejó llevó trajo estuvo tuvo tiene tienen tenía pagó paga compró "
        "compra reservó reserva hizo hace fue va vive trabaja juega usa "
        "vio siempre alquiló alquila pidió pide estuvo lleva"
    ),
    hypotheses=phrases(
        "y si, qué pasa si, si somos, si vamos, si voy, si fuéramos, si compro, si compramos, si reservo, "
        "si reservamos, si pago, si vengo, si venimos, si cojo, en caso de, cuánto cuesta, cuánto cuestan, "
        "cuánto costaría, cuánto vale, cuánto sería, cuánto es, sale más, sería más, cuesta más, más caro, "
        "más cara, más barato, más barata"
    ),
    contact_verbs=phrases(
        "hablar con, hablo con, hable con, pasarme con, me pasas con, me pasa con, páseme con, pásame con, "
        "comunicarme con, ponerme con, ponme con"
    ),
    count_phrases=phrases("cuántos, cuántas, el número de, número de"),
    unit_abbreviations={
        "cm": "centimet",
        "km": "kilomet",
        "kms": "kilomet",
        "kg": "kilo",
        "gb": "gigabyte",
        "min": "minuto",
    },
    unit_words=words(
        "minuto minutos min hora horas día días noche noches semana semanas mes meses año años euro euros "
        "céntimos dólares por ciento km kilómetros veces"
    ),
    complaint_words=words(
        "complicado complicada pesado pesada pesados pesadas ridículo tonto tonta molesto difícil "
        "absurdo rollo"
    ),
    state_words=words(
        "ocupado ocupada cansado cansada urgente enfermo enferma perdido perdida dueño dueña cliente "
        "clienta "
        "propietario propietaria inquilino inquilina"
    ),
    no_name_starts=phrases("estoy, estamos, tengo, tenemos, llámeme, llámame, he estado, estaba"),
    mistakes=phrases("me he equivocado, me equivoqué, ha sido un error, fue un error, mi error"),
    statement_patterns=(r"cuando (?:\w+ ){3,}",),
    remark_starts=phrases(
        "demasiadas, tantas, cuántas, cuántos, por qué, para qué, qué de, qué quiere decir, qué quieren "
        "decir, a qué se refiere, puede repetir, puedes repetir, cómo dice"
    ),
    question_nouns=words("pregunta preguntas duda dudas consulta"),
    announcing_words=words("rápida pequeña antes primero otra una tonta"),
    whether_words=phrases("si"),
    indirect_questions=phrases("saber, preguntar, decirme, dígame, dime"),
    other_way_patterns=(
        r"(?:mejor |prefiero )?por (?:correo|e-?mail|mail|carta|tel[eé]fono|sms|whatsapp)"
        r"(?:,? (?:mejor|por favor|porfa))?",
    ),
    code_words=words("matrícula número código referencia placa bastidor"),
    comparison_words=words(
        "diferencia diferencias difieren diferencian comparación comparado comparada versus vs"
    ),
    inquiry_starts=phrases(
        "cuál es, cuáles son, cómo es, cómo son, dónde está, dónde están, quién es, cuánto cuesta, "
        "cuánto cuestan, cuánto vale, cuánto valen, qué significa, qué son, tenéis, tienen, tienes, hay, "
        "aceptáis, aceptan, admiten, se puede, por qué, qué es, hacen, hacéis, "
        "venden, vendéis, abren, abrís, dan, dais, cobran, cobráis, ofrecen, ofrecéis, sirven, servís"
    ),
    money_words=words("euro euros céntimos dólares pesos"),
    money_questions=words("gastar cuesta costar precio pagar presupuesto importe cantidad dinero"),
    per_words=phrases("a la, al, por, cada"),
    object_endings=words("la lo las los le les me nos te os"),
    fault_words=words("mal incorrecto incorrecta equivocado equivocada falta otro otra diferente"),
    naming_phrases=phrases("es, era, sería, debe ser, tiene que ser, son"),
    name_statements=phrases("me llamo, mi nombre es"),
    sure_introductions=words("soy nombre"),
    age_words=words("edad"),
    age_changes=phrases("cumple, cumplo, cumplirá, cumpliré, va a cumplir, casi"),
    age_units=words("año años añitos"),
    move_words=words(
        "cambiar cambio cambiarla cambiarlo mover moverla moverlo aplazar aplazarla posponer adelantar "
        "pasar "
        "puedo cancelar anular"
    ),
    target_words=phrases("al, a las, a la, para el, para las, para la, hasta el"),
    ending_words=words("cancelar anular parar dejarlo terminar baja"),
    hypothetical_starts=phrases(
        "si lo, si la, si me, si cancelo, si anulo, si dejo, y si, en caso de, qué pasa si"
    ),
    offer_patterns=(r"¿(?:(?:lo|la|los|las|te|le|os) )?(\w{5,})",),
    obligations=phrases("tengo que, tenemos que, hay que, debo, debemos, por favor, vamos a, voy a"),
    generalities=phrases(
        "en cualquier momento, cuando quiera, cuando queramos, después, luego, más tarde, "
        "gratis, todavía, aún, "
        "siempre, sin coste"
    ),
    halting_words=words("stop para pare paren alto"),
    giving_up=phrases(
        "no más, déjame, déjeme, dejadme, basta, me he cansado, me cansé, cambiado de idea, cambié de idea, "
        "pensado mejor, lo dejo, demasiado, me rindo, me aburro"
    ),
    undo_words=words("cancelar anular"),
)
