"""What each key of a flow document means, in a sentence for the editor that completes it."""

from __future__ import annotations

from collections.abc import Mapping

_NAME_DESCRIPTION = "For people: it is shown in drawings and logs."
_ON_FAILURE_DESCRIPTION = "The id of the edge to take when the call fails."
_RETRIES_DESCRIPTION = "How often it may be tried again, 2 unless set."
_SCHEMA_DESCRIPTION = "A JSON Schema of an object: each of its properties is a value to learn."
_TIMEOUT_DESCRIPTION = "Seconds for the call and its retries, 45 at most."
_TOOLS_DESCRIPTION = "Functions that a language model may call"
_TRIGGERS_DESCRIPTION = "Calls that are made"

FIELD_DESCRIPTIONS: Mapping[str, Mapping[str, str]] = {
    "Flow": {
        "system_prompt": "Who the bot is and how it speaks; put in front of every request to a model. Jinja.",
        "initial_node": "The id of the node that a conversation begins at.",
        "nodes": "The places in the conversation.",
        "actions": "HTTP calls, which nodes and edges name by id.",
        "environment_variables": "Constants for templates. No model sees them and no slot replaces them.",
        "global_edges": "Edges that are open at every node that may be interrupted.",
        "tools": f"{_TOOLS_DESCRIPTION} at every node.",
        "agent_language": "The flow's own language, as a code like en.",
        "agent_gender": "Kept, and without effect.",
        "agent_tone": "Kept, and without effect.",
        "objective": "Kept, and without effect.",
        "after_final": "What the next message does after the end.",
        "closed_text": "What is said after the end when after_final is closed. Jinja.",
        "budget": "After how much a person is asked for.",
        "hours": "When people answer, by the business's clock.",
        "languages": "The flow's texts in other languages, by codes like de.",
    },
    "Node": {
        "id": "What edges name the node by.",
        "name": _NAME_DESCRIPTION,
        "instruction": "What a language model is to do here; private, and Jinja.",
        "static_text": "What is said on entering. Jinja.",
        "reprompt_text": "What is said when the node is entered or asked again: the question alone. Jinja.",
        "is_final": "The conversation ends here.",
        "node_type": "A router says nothing and goes on by guards and conditions.",
        "auto_proceed": "Say the text and go on without waiting.",
        "edges": "The ways out, in order of importance.",
        "actions": f"{_TRIGGERS_DESCRIPTION} on entering or leaving.",
        "completion_criteria": "What must be known before an edge leads on.",
        "allow_skip": "Whether somebody who insists gets past the criteria.",
        "max_turns": "A message after so many that still leads nowhere takes the edge with is_fallback.",
        "interruptible": "Whether global edges are open here.",
        "tools": f"{_TOOLS_DESCRIPTION} here.",
        "langGraph": "Kept, and without effect.",
        "choices": "Quick replies: labels, or objects with a label and what is sent back.",
        "hand_off": "A person is asked for here.",
        "timeout": "What happens when nobody has written for so many seconds.",
        "on_undelivered": "What happens when what was said here did not arrive.",
        "out_of_hours": "What happens in place of a hand-off outside the flow's hours.",
        "media": "Files that are sent with the text.",
    },
    "Edge": {
        "id": "The name of the transition; for a language model it is a function's.",
        "condition": "When to take it, in a sentence, or over the data: plan == 'gold'. Jinja.",
        "target_node_id": "The id of the node that it leads to; without one it is never taken.",
        "input_schema": _SCHEMA_DESCRIPTION,
        "actions": f"{_TRIGGERS_DESCRIPTION} while the edge is crossed.",
        "criteria": "Kept, and without effect.",
        "is_fallback": "Taken at the node's max_turns, and where a router cannot decide.",
        "guard": "A Jinja expression over what is known; the edge is offered only while it is true.",
        "keywords": "Whole words or phrases that mean it.",
        "examples": "Sentences that mean it.",
        "pattern": "A regular expression, in any case of letters; its named groups become slots.",
    },
    "Action": {
        "id": "What triggers name the call by.",
        "name": _NAME_DESCRIPTION,
        "method": "The HTTP method.",
        "url": "Where the call goes. Jinja, each value escaped.",
        "description": "For people.",
        "headers": "Names and values. Jinja, each value escaped.",
        "body": "An object, or a text: JSON, or a form by its Content-Type. Jinja, each value escaped.",
        "timeout": _TIMEOUT_DESCRIPTION,
        "store_response_as": "The name that the result has in templates, guards and conditions.",
        "env_updates": "Values to put aside for other actions; no model sees them.",
        "run_once": "Not again once it has succeeded.",
        "string_fields": "Keys of the body that stay text even when they are written as numbers.",
        "condition": "The call is left out when this comes to nothing, false, 0 or none. Jinja.",
        "identifier": "Kept, and without effect.",
        "retries": _RETRIES_DESCRIPTION,
    },
    "Tool": {
        "id": "The function's name for a language model.",
        "name": "What an MCP server knows the tool by.",
        "description": "What it does, for a language model.",
        "input_schema": "A JSON Schema of its arguments.",
        "type": "Who runs it: a Python function, an HTTP call or an MCP server.",
        "handler_id": "The name of the Python function; without it the id is.",
        "url": "Where an HTTP tool's call goes. Jinja, each value escaped.",
        "method": "An HTTP tool's method, GET unless set.",
        "server": "The address of the MCP server. Jinja, each value escaped.",
        "headers": "Names and values. Jinja, each value escaped.",
        "timeout": _TIMEOUT_DESCRIPTION,
        "retries": _RETRIES_DESCRIPTION,
        "on_failure": f"{_ON_FAILURE_DESCRIPTION} Without one the model is told.",
    },
    "ActionTrigger": {
        "trigger": "When: on entering or on leaving; on an edge it does not matter.",
        "action_id": "The id of the action.",
        "on_failure": _ON_FAILURE_DESCRIPTION,
    },
    "QuickReply": {
        "label": "What is shown. Jinja.",
        "payload": "What is sent back; without it the label is.",
    },
    "Timeout": {
        "seconds": "How long nobody has written.",
        "say": "What is said.",
        "edge": "The edge to take.",
    },
    "Fallback": {"say": "What is said.", "edge": "The id of the node's edge to take."},
}
"""The meanings, by part and key."""
