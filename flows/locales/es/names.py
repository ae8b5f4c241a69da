"""Spanish words of names, addresses, places and codes."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.name_words import NameWords

NAMES: Final = NameWords(
    name_words=words("nombre nombres llama llamas llamo apellido apellidos quién"),
    other_name_words=words("número dirección calle empresa producto mascota perro gato"),
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
    sure_introductions=words("soy nombre"),
    name_statements=phrases("me llamo, mi nombre es"),
    naming_phrases=phrases("es, era, sería, debe ser, tiene que ser, son"),
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
    owners=words("mi mis su sus nuestro nuestra nuestros nuestras"),
    relatives=words(
        "amigo amiga amigos amigas hermano hermana hermanos hermanas mujer marido esposa esposo madre "
        "padre "
        "mamá papá padres hijo hija compañero compañera vecino vecina vecinos primo prima tío tía novio "
        "novia familia equipo pareja jefe jefa hijos abuela abuelo"
    ),
    own_words=words("mí mi mis me nos de que"),
    birth_words=words("nacimiento nació naciste nacido nacida cumpleaños"),
    address_words=words("dirección domicilio calle"),
    no_address_words=words(
        "cerca algún me importa ya saben sabéis sabes tienen tenéis tienes estuvieron estuvisteis misma "
        "mismo siempre vinieron "
        "vinisteis no tengo sé"
    ),
    place_words=words("ciudad pueblo localidad población municipio"),
    place_introductions=phrases(
        "vivo en, vivimos en, estoy en, estamos en, soy de, somos de, es en, está en, en"
    ),
    code_words=words("matrícula número código referencia placa bastidor"),
)
