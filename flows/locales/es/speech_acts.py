"""Spanish words of wishes, doubts, questions, remarks and endings."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.speech_act_words import SpeechActWords

SPEECH_ACTS: Final = SpeechActWords(
    wishes=phrases(
        "quiero, quisiera, quería, necesito, deseo, querría, me gustaría, me interesa, busco, prefiero, "
        "hace falta, pienso, voy a"
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
    delays=phrases("ahora no, por ahora no, depende"),
    objection_patterns=(
        r"\bseria (?:\w+ )?(?:mentira|mentir|exagerar|exagerado|exagerada|exageracion|mucho decir)\b",
        r"\b(?:mentiria|exageraria) si\b",
        r"\b(?:odio|no soporto|agotad\w|detesto|no me gustan?)\b",
        r"\bes (?:\w+ )?imposible\b|\besta (?:llen|ocupad|complet)[oa]\b|\b(?:va|viene|venia|queda"
        r"|iria) (?:muy |fatal|)mal\b|\besta mal\b|\bes (?:incorrecto|un error)\b|\balergic\w\b"
        r"|\bestoy (?:fuera|ocupad\w|de viaje)\b|\bpodriamos (?:acabar|llegar)\b|\bno (?:lo|la|los"
        r"|las) pag\w+\b",
    ),
    excess_patterns=(
        r"\b(?:tengo|tenemos) (?:otr[ao]|una reunion|un compromiso)\b|\bes mi dia libre\b"
        r"|\btengo que trabajar\b",
        r"\bdemasiad\w+\b|\bmuy (?:pequen\w|grande|car\w|tarde|temprano|pront\w)\b",
        r"\b(?:me|nos|le) quedan? (?:\w+ )?(?:pequen\w*|grandes?|just\w+|cort\w+|larg\w+|enormes?|fatal|mal"
        r"|anch\w+|estrech\w+)\b",
        r"\b(?:cancelaron|han cancelado)\b|\bse han (?:caido|borrado)\b",
    ),
    outdated_patterns=(
        r"\bya no\b|\bera (?:el|la|mi) (?:antigu|viej|anterior)\w*|\b(?:antigu[ao]|viej[ao]"
        r"|anterior) (?:era|es)\b|\bno es mi[ao]\b",
    ),
    second_thoughts=words("uy ay vaya bueno mejor perdón digo diga perdona espera broma"),
    remark_subjects=words("eso ese es"),
    remark_starts=phrases(
        "demasiadas, tantas, cuántas, cuántos, por qué, para qué, qué de, qué quiere decir, qué quieren "
        "decir, a qué se refiere, puede repetir, puedes repetir, cómo dice"
    ),
    mistakes=phrases("me he equivocado, me equivoqué, ha sido un error, fue un error, mi error"),
    fault_words=words("mal incorrecto incorrecta equivocado equivocada falta otro otra diferente"),
    request_starts=phrases(
        "puedo, podría, podríamos, podemos, me puede, me puedes, me da, me das, me pone, me pones, puede, "
        "puedes, me gustaría, puede ser, podría ser, sería posible"
    ),
    negative_questions=phrases(
        "no puedo, no podría, no podemos, no se puede, no hay, no tienen, no me puede, no me pueden, "
        "por qué no puedo, por qué no me"
    ),
    inquiry_starts=phrases(
        "cuál es, cuáles son, cómo es, cómo son, dónde está, dónde están, quién es, cuánto cuesta, "
        "cuánto cuestan, cuánto vale, cuánto valen, qué significa, qué son, tenéis, tienen, tienes, hay, "
        "aceptáis, aceptan, admiten, se puede, por qué, qué es, hacen, hacéis, "
        "venden, vendéis, abren, abrís, dan, dais, cobran, cobráis, ofrecen, ofrecéis, sirven, servís"
    ),
    question_nouns=words("pregunta preguntas duda dudas consulta"),
    announcing_words=words("rápida pequeña antes primero otra una tonta"),
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
    comparison_words=words(
        "diferencia diferencias difieren diferencian comparación comparado comparada versus vs"
    ),
    other_way_patterns=(
        r"(?:mejor |prefiero )?por (?:correo|e-?mail|mail|carta|tel[eé]fono|sms|whatsapp)"
        r"(?:,? (?:mejor|por favor|porfa))?",
    ),
    move_words=words(
        "cambiar cambio cambiarla cambiarlo mover moverla moverlo aplazar aplazarla posponer adelantar "
        "pasar "
        "puedo cancelar anular"
    ),
    change_words=words(
        "cambiar cambia cambie cambio cambiarlo cambiarla modificar modificarlo modificarla "
        "corregir corregirlo editar"
    ),
    change_objects=words("algo eso esto"),
    target_words=phrases("al, a las, a la, para el, para las, para la, hasta el"),
    ending_words=words("cancelar anular parar dejarlo terminar baja"),
    undo_words=words("cancelar anular"),
    halting_words=words("stop para pare paren alto"),
    giving_up=phrases(
        "no más, déjame, déjeme, dejadme, basta, me he cansado, me cansé, cambiado de idea, cambié de idea, "
        "pensado mejor, lo dejo, demasiado, me rindo, me aburro"
    ),
    offer_patterns=(r"¿(?:(?:lo|la|los|las|te|le|os) )?(\w{5,})",),
    transfer_promises=(
        r"\b(?:le|te|lo|la) (?:paso|comunico|transfiero|conecto|derivo)\b(?: \w+){0,4} "
        r"(?:persona|agente|companer\w+|equipo|asesor\w*|humano)",
    ),
    action_claims=(
        r"\b(?:he|hemos) (?:reservado|cancelado|pedido|realizado|confirmado|cambiado|enviado|"
        r"reembolsado|registrado)\b",
        r"\bsu (?:\w+ ){1,3}(?:ha sido|esta|fue) "
        r"(?:reservad|cancelad|realizad|confirmad|cambiad|registrad)[oa]\b",
    ),
)
