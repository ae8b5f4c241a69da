"""Removes what a server should have removed from a text: markers of the chat template, roles, thoughts."""

from __future__ import annotations

import re

END_TOKENS = (
    r"<\|(?:im_end|im_start|eot_id|eom_id|end|return|endoftext|end_of_text|end_of_turn|user|system|start_header_id)\|>"
    r"|</s>|<s>|<end_of_turn>|<start_of_turn>|<eos>|<｜(?:end▁of▁sentence|User|Assistant)｜>|\[/?INST\]|<</?SYS>>"
)
"""Pattern of the tokens that end a message or begin another."""

_END = re.compile(END_TOKENS)
_BEGINNING = re.compile(
    r"\s*(?:(?:<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>|<\|start\|>|<\|assistant\|>|<｜Assistant｜>)"
    r"(?:assistant|model)?(?:<\|end_header_id\|>)?|<s>|</s>|<bos>|<\|begin_of_text\|>)\s*"
)
_FINAL_CHANNEL = re.compile(r"<\|channel\|>final[^<]*<\|message\|>(.*)", re.DOTALL)
_STRIPPED_CHANNELS = re.compile(r"\s*(?:analysis|commentary)(?=[A-Z<\n]).*?assistantfinal(.*)", re.DOTALL)
_OTHER_TOKEN = re.compile(r"<\|(?!python_tag|tool)[a-z_]{2,40}\|>|<｜(?!tool|DSML)[^｜<>\s]{2,40}｜>")
_ROLE = re.compile(r"\s*(?:bot|assistant|chatbot|ai)\s*:\s*", re.IGNORECASE)
_OTHER_ROLE = re.compile(r"\n\s*(?:user|human|person|customer|bot|assistant)\s*:", re.IGNORECASE)
_THOUGHT = re.compile(r"\s*\**thoughts?\**\s*:", re.IGNORECASE)
_FINAL_ANSWER = re.compile(r"(?:^|\n)\s*\**(?:final answer|answer|response|reply)\**\s*:\s*", re.IGNORECASE)
_ACTION = re.compile(r"\n\s*\**action\**\s*:", re.IGNORECASE)


def visible_text(text: str) -> str:
    """Return the part of a complete output that is the model's message or call."""
    text = _without_tokens(_final_channel(text))
    if _THOUGHT.match(text):
        text = _text_after_thoughts(text)
    role = _ROLE.match(text)
    if role is None:
        return text
    text = text[role.end() :]
    other = _OTHER_ROLE.search(text)
    return text[: other.start()].rstrip() if other else text


def _final_channel(text: str) -> str:
    """Return the answer of gpt-oss, whose channels not every server reads; calls stay as they are."""
    if "to=functions." in text:
        return text
    found = _FINAL_CHANNEL.search(text) or _STRIPPED_CHANNELS.match(text)
    if found:
        return found[1]
    return "" if text.lstrip().startswith(("<|channel|>analysis", "<|channel|>commentary")) else text


def _without_tokens(text: str) -> str:
    while begun := _BEGINNING.match(text):
        text = text[begun.end() :]
    if end := _END.search(text):
        text = text[: end.start()].rstrip()
    return text if "to=functions." in text else _OTHER_TOKEN.sub("", text)


def _text_after_thoughts(text: str) -> str:
    """Return what follows a line of thought: an answer or a call; thoughts alone are no message."""
    if answer := _FINAL_ANSWER.search(text):
        return text[answer.end() :]
    action = _ACTION.search(text)
    return text[action.start() :].lstrip() if action else ""
