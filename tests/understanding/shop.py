"""Flow of a small shop in three languages: an item from a list, an amount, a confirmed action."""

from __future__ import annotations

from typing import Any

from flows.document import Flow
from tests.flows.conversation import edge, input_schema, node

Words = dict[str, Any]

_ENGLISH: Words = {
    "code": "en",
    "item": "Which pizza would you like?",
    "quantity": "How many?",
    "confirm": "{{ quantity }} {{ item }}{% if size %}, {{ size }}{% endif %}. Shall I order that?",
    "items": {"margherita": [], "salami": ["pepperoni"], "tuna": ["tuna fish"], "spinach": ["green one"]},
    "sizes": {"small": ["little"], "large": ["big"]},
    "yes": ["yes", "ok", "sure", "correct"],
    "no": ["no", "nope", "wrong"],
    "price": ["how much", "price", "cost", "costs"],
    "hours": ["opening hours", "open"],
    "person": ["person", "human", "agent"],
    "cancel": ["cancel", "stop", "forget it"],
}
_GERMAN: Words = {
    "code": "de",
    "item": "Welche Pizza möchten Sie?",
    "quantity": "Wie viele?",
    "confirm": "{{ quantity }} {{ item }}{% if size %}, {{ size }}{% endif %}. Soll ich das bestellen?",
    "items": {"margherita": [], "salami": ["peperoni"], "thunfisch": ["tonno"], "spinat": ["die grüne"]},
    "sizes": {"klein": ["kleine"], "groß": ["große"]},
    "yes": ["ja", "ok", "klar", "richtig"],
    "no": ["nein", "falsch"],
    "price": ["was kostet", "preis", "kosten", "wie teuer"],
    "hours": ["öffnungszeiten", "geöffnet", "habt ihr auf"],
    "person": ["mensch", "menschen", "mitarbeiter"],
    "cancel": ["abbrechen", "stornieren", "vergessen sie es"],
}
_SPANISH: Words = {
    "code": "es",
    "item": "¿Qué pizza desea?",
    "quantity": "¿Cuántas?",
    "confirm": "{{ quantity }} {{ item }}{% if size %}, {{ size }}{% endif %}. ¿Hago el pedido?",
    "items": {"margarita": [], "salami": ["pepperoni"], "atún": ["bonito"], "espinacas": ["la verde"]},
    "sizes": {"pequeña": ["chica"], "grande": ["familiar"]},
    "yes": ["sí", "vale", "claro", "correcto"],
    "no": ["no", "incorrecto"],
    "price": ["cuánto cuesta", "cuánto vale", "precio"],
    "hours": ["horario", "abierto", "abren"],
    "person": ["persona", "humano", "agente"],
    "cancel": ["cancelar", "cancela", "olvídalo"],
}


def build_shop(words: Words) -> Flow:
    """Return the shop's flow in one language."""
    item = {
        "type": "string", "enum": list(words["items"]), "description": "the pizza",
        "x-question": words["item"], "x-synonyms": words["items"],
    }  # fmt: skip
    quantity = {
        "type": "integer", "minimum": 1, "maximum": 30, "description": "the number of pizzas",
        "x-question": words["quantity"],
    }  # fmt: skip
    size = {
        "type": "string", "enum": list(words["sizes"]), "description": "the size",
        "x-synonyms": words["sizes"],
    }  # fmt: skip
    order = input_schema(item=item, quantity=quantity, size=size)
    order["required"] = ["item", "quantity"]
    change = input_schema(required=False, item=item, quantity=quantity, size=size)
    labels = [name.capitalize() for name in words["items"]]
    return Flow.model_validate(
        {
            "system_prompt": "You take orders.",
            "agent_language": words["code"],
            "initial_node": "ask",
            "nodes": [
                node(
                    "ask", words["item"], choices=labels,
                    edges=[edge("ordered", "confirm", "The customer orders", input_schema=order)],
                ),
                node(
                    "confirm", words["confirm"],
                    edges=[
                        edge("confirmed", "place", "The customer confirms", keywords=words["yes"]),
                        edge("changed", "confirm", "The customer changes the order", input_schema=change),
                        edge("refused", "ask", "The customer says no", keywords=words["no"]),
                    ],
                ),
                node(
                    "place", node_type="router",
                    edges=[edge("placed", "done", "It is ordered")],
                    actions=[{"trigger": "on_enter", "action_id": "place"}],
                ),
                node("done", "OK.", is_final=True),
                node("price_answer", "9."),
                node("hours_answer", "12-22."),
                node("person", "A colleague.", hand_off=True),
                node("cancelled", "Stopped.", is_final=True),
            ],
            "global_edges": [
                edge("price", "price_answer", "The customer asks the price", keywords=words["price"]),
                edge("hours", "hours_answer", "The customer asks when it is open", keywords=words["hours"]),
                edge("person", "person", "The customer wants a person", keywords=words["person"]),
                edge("cancel", "cancelled", "The customer wants to stop", keywords=words["cancel"]),
            ],
            "actions": [
                {"id": "place", "name": "Order", "method": "POST", "url": "https://shop.example.com/orders"}
            ],
        }
    )  # fmt: skip


SHOPS = {words["code"]: build_shop(words) for words in (_ENGLISH, _GERMAN, _SPANISH)}
