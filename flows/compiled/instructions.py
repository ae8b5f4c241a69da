"""Node types, and scripted speech inside instructions.

An instruction is private: only what its author marked as speech may reach a user word for word.
"""

from __future__ import annotations

import re

from flows.document import Node
from flows.locales import DEFAULT_LANGUAGE, find_language
from flows.text import normalize

_SILENT_ROUTING = re.compile(
    r"do not output any text|do not generate any speech|do not speak\b.{0,60}\bat all|silent routing node"
    r"|output only the tool call|your only output must be a tool call"
    r"|zero words\b.{0,60}\bbefore\b.{0,60}\btool|just route\b.{0,60}\bno\b.{0,60}\bspeech",
    re.IGNORECASE | re.DOTALL,
)
_AUTO_PROCEED = re.compile(
    r"proceed immediately|no caller response needed|no response needed|proceed directly", re.IGNORECASE
)
_LANGUAGE_MARKER = re.compile(
    r"[\[{](ar|bn|de|en|es|fa|fr|gu|he|hi|id|it|ja|kn|ko|ml|mr|ms|nl|pa|pl|pt|ro|ru|sv|ta|te|th|tr|uk|ur|vi|zh)[\]}]",
    re.IGNORECASE,
)  # language codes and no other two letters: “press [OK]” is speech
_SCRIPT_HEADING = re.compile(r"^-{2,}\s*(\w+) SCRIPT\s*-{2,}\s*$", re.IGNORECASE | re.MULTILINE)
_SPEECH_END = re.compile(r"<wait for response>|^\s*ROUTING:|Capture only", re.IGNORECASE | re.MULTILINE)
_QUOTED_SPEECH = re.compile(r"""\s*["“'‘](?P<speech>.+?)["”'’]\s*(?:$|\n)""", re.DOTALL)
_AGENT_SAYS = re.compile(r"\AAgent says:\s*(?P<speech>[^\n]+)", re.IGNORECASE)
_STAGE_DIRECTION = re.compile(
    r"\s*(?:\[[^\]\n]*\]|\([^)\d\n]*\))"
)  # a delivery note in words: “(24/7)” is speech
_SILENT_IF_FILLED = "ZERO speech — no words before the tool call"
_CURRENT_VALUE = re.compile(r"current_\w+=(\S*)")


def language_code(name: str) -> str:
    """Return `agent_language`, a code or a name, as a two-letter code; English when it is empty."""
    name = name.strip().lower()
    return find_language(normalize(name)) or name[:2] or DEFAULT_LANGUAGE


def node_type(node: Node) -> str:
    """Return `final`, `router`, `static` or `instruction`, or the type that the document declares."""
    if node.is_final:
        return "final"
    if node.node_type:
        return node.node_type
    if node.static_text:
        return "instruction" if node.instruction else "static"
    if not node.instruction:
        return "router"
    return "router" if node.edges and _SILENT_ROUTING.search(node.instruction) else "instruction"


def auto_proceeds(node: Node) -> bool:
    """Return whether the node sends its message and goes on without waiting for the user."""
    return node.auto_proceed or bool(node.instruction and _AUTO_PROCEED.search(node.instruction))


def is_silent(instruction: str) -> bool:
    """Return whether a rendered instruction asks for no message, as every value it asks for is known."""
    if _SILENT_IF_FILLED not in instruction:
        return False
    conditions = _CURRENT_VALUE.findall(instruction)
    return bool(conditions) and all(conditions)


def scripted_speech(instruction: str, language: str) -> str:
    """Return the speech that a rendered instruction spells out for `language` or in English, if any."""
    for code in dict.fromkeys((language, DEFAULT_LANGUAGE)):
        if (
            line := _language_line(instruction, code)
            or _speech_block(instruction, code)
            or _script_section(instruction, code)
        ):
            return line
    if speech := _AGENT_SAYS.match(instruction.strip()):
        return _STAGE_DIRECTION.sub("", speech["speech"]).strip()
    quotation = _QUOTED_SPEECH.match(instruction)
    return quotation["speech"].strip() if quotation else ""


def select_language_block(text: str, language: str) -> str:
    """Return the language's block of a text with `[EN] … [HI] …` markers; the text itself if it has none."""
    if "[" not in text and "{" not in text:
        return text
    return _marked_block(text, language) or _marked_block(text, DEFAULT_LANGUAGE) or text


def _language_line(instruction: str, code: str) -> str:
    language_block = re.search(
        rf"\b{re.escape(code)} line:\s*(['\"])(.*)\1[ \t]*$", instruction, re.IGNORECASE | re.MULTILINE
    )
    return language_block[2].replace("''", "'").strip() if language_block else ""


def _marked_block(text: str, code: str) -> str:
    markers = list(_LANGUAGE_MARKER.finditer(text))
    for index, marker in enumerate(markers):
        if marker[1].lower() == code:
            end = markers[index + 1].start() if index + 1 < len(markers) else len(text)
            return text[marker.end() : end].strip()
    return ""


def _speech_block(instruction: str, code: str) -> str:
    block = _marked_block(instruction, code)
    if quoted := _QUOTED_SPEECH.match(block):
        return quoted["speech"].strip()
    return _SPEECH_END.split(block)[0].strip()


def _script_section(instruction: str, code: str) -> str:
    heads = list(_SCRIPT_HEADING.finditer(instruction))
    for index, head in enumerate(heads):
        if find_language(normalize(head[1])) == code:
            end = heads[index + 1].start() if index + 1 < len(heads) else len(instruction)
            return _SPEECH_END.split(instruction[head.end() : end])[0].strip()
    return ""
