"""Descriptions of the keys of a flow document, published in its JSON Schema for editors."""

from __future__ import annotations

from collections.abc import Mapping

_NAME_DESCRIPTION = "Display name, shown in diagrams and logs."
_ON_FAILURE_DESCRIPTION = "ID of the edge to take when the call fails."
_RETRIES_DESCRIPTION = "Maximum number of retries, 2 by default."
_SCHEMA_DESCRIPTION = "JSON Schema of an object; each property is a slot to fill."
_TIMEOUT_DESCRIPTION = "Timeout of the call in seconds, retries included, at most 45."
_TOOLS_DESCRIPTION = "Functions that the language model may call"
_TRIGGERS_DESCRIPTION = "Actions to run"

FIELD_DESCRIPTIONS: Mapping[str, Mapping[str, str]] = {
    "Flow": {
        "system_prompt": "System prompt: role and style of the bot, in every model request. Jinja template.",
        "initial_node": "ID of the node where a conversation starts.",
        "nodes": "The nodes (states) of the conversation.",
        "actions": "HTTP calls that nodes and edges trigger by ID.",
        "environment_variables": "Constants for templates; hidden from the model, not changed by slots.",
        "global_edges": "Edges available at every interruptible node.",
        "tools": f"{_TOOLS_DESCRIPTION} at every node.",
        "agent_language": "Default language of the flow, as a two-letter code such as en.",
        "agent_gender": "Accepted for compatibility; has no effect.",
        "agent_tone": "Accepted for compatibility; has no effect.",
        "objective": "Accepted for compatibility; has no effect.",
        "after_final": "Effect of the next message after a final node.",
        "closed_text": "Reply after the end when after_final is closed. Jinja template.",
        "unsupported_text": "Reply to a message that the channel cannot pass on. Jinja template.",
        "budget": "Limits of one conversation, after which it is handed off to an agent.",
        "hours": "Business hours, in the business's time zone.",
        "languages": "Localized texts, by language code such as de.",
    },
    "Node": {
        "id": "ID of the node, referenced by edges.",
        "name": _NAME_DESCRIPTION,
        "instruction": "Instruction for the language model, never shown to the user. Jinja template.",
        "static_text": "Message sent on entering the node. Jinja template.",
        "reprompt_text": "Question sent when the node is entered again or reprompts. Jinja template.",
        "is_final": "Whether the conversation ends at this node.",
        "node_type": "Type of the node; a router sends nothing and continues by guards and conditions.",
        "auto_proceed": "Send the text and continue without waiting for the user.",
        "edges": "Outgoing edges, the most important first.",
        "actions": f"{_TRIGGERS_DESCRIPTION} on entering or leaving.",
        "completion_criteria": "Criteria that must be met before the node is left.",
        "allow_skip": "Whether a user who insists may skip the criteria.",
        "max_turns": "Number of unmatched messages after which the is_fallback edge is taken.",
        "interruptible": "Whether global edges are available here.",
        "tools": f"{_TOOLS_DESCRIPTION} here.",
        "langGraph": "Accepted for compatibility; has no effect.",
        "choices": "Quick replies: labels, or objects with a label and a payload.",
        "hand_off": "Hand the conversation off to an agent at this node.",
        "opt_out": "Opt the contact out of all further messages after this node's text.",
        "timeout": "Reaction when the user has not written for a number of seconds.",
        "on_undelivered": "Reaction when a message of this node could not be delivered.",
        "out_of_hours": "Reaction instead of a hand-off outside business hours.",
        "on_reaction": "Meaning of emoji reactions to this node's message: an edge's ID or an answer.",
        "media": "Files sent with the text.",
        "quote": "Whether the message is shown as an answer to the user's message, where the channel can.",
        "reaction": "Emoji on the user's message, where the channel has reactions.",
        "request_location": "Whether the message has a button to share a location, where the channel has it.",
        "template": "Template sent in place of the text, on channels that have templates.",
    },
    "MessageTemplate": {
        "name": "Name of the template at the provider.",
        "language": "The provider's code of its language; by default, the conversation's language.",
        "variables": "Its variables by name. Jinja templates.",
    },
    "Edge": {
        "id": "ID of the transition; the language model sees it as a function name.",
        "condition": "Condition in natural language, or over data such as plan == 'gold'. Jinja template.",
        "target_node_id": "ID of the target node; an edge without one is never taken.",
        "input_schema": _SCHEMA_DESCRIPTION,
        "actions": f"{_TRIGGERS_DESCRIPTION} when the edge is taken.",
        "criteria": "Accepted for compatibility; has no effect.",
        "is_fallback": "Whether the edge is taken at the node's max_turns, or when a router finds no other.",
        "guard": "Jinja expression over slots and data; the edge is available only while it is true.",
        "keywords": "Words or phrases that select the edge.",
        "examples": "Example sentences that select the edge, by similarity.",
        "pattern": "Case-insensitive regular expression; its named groups fill slots.",
    },
    "Action": {
        "id": "ID of the action, referenced by triggers.",
        "name": _NAME_DESCRIPTION,
        "method": "The HTTP method.",
        "url": "URL of the call. Jinja template, values are escaped.",
        "description": "Description for authors.",
        "headers": "HTTP headers. Jinja templates, values are escaped.",
        "body": "Request body, JSON or a form by its Content-Type. Jinja template, values are escaped.",
        "timeout": _TIMEOUT_DESCRIPTION,
        "store_response_as": "Name of the result in templates, guards and conditions.",
        "env_updates": "Values of the result to store for other actions; hidden from the model.",
        "run_once": "Whether the call runs at most once successfully per conversation.",
        "string_fields": "Keys of the body that stay strings even if they look like numbers.",
        "condition": "The call is skipped when this renders to nothing, false, 0 or none. Jinja template.",
        "identifier": "Accepted for compatibility; has no effect.",
        "retries": _RETRIES_DESCRIPTION,
    },
    "Tool": {
        "id": "Function name for the language model.",
        "name": "Name of the tool at its MCP server.",
        "description": "Description for the language model.",
        "input_schema": "JSON Schema of the arguments.",
        "type": "Kind of tool: a Python function, an HTTP call or an MCP server.",
        "handler_id": "Name of the Python function; the ID by default.",
        "url": "URL of an HTTP tool. Jinja template, values are escaped.",
        "method": "HTTP method of an HTTP tool, GET by default.",
        "server": "URL of the MCP server. Jinja template, values are escaped.",
        "headers": "HTTP headers. Jinja templates, values are escaped.",
        "timeout": _TIMEOUT_DESCRIPTION,
        "retries": _RETRIES_DESCRIPTION,
        "on_failure": f"{_ON_FAILURE_DESCRIPTION} Without one the error is returned to the model.",
    },
    "ActionTrigger": {
        "trigger": "When to run: on entering or leaving a node; ignored on an edge.",
        "action_id": "ID of the action.",
        "on_failure": _ON_FAILURE_DESCRIPTION,
    },
    "QuickReply": {
        "label": "Label shown to the user. Jinja template.",
        "payload": "Payload sent back when chosen; the label by default.",
        "description": "Line below the label, where the channel has lists.",
        "url": "URL that the choice opens, in place of a payload.",
    },
    "Timeout": {
        "seconds": "Seconds without a message from the user.",
        "say": "Message to send.",
        "edge": "Edge to take.",
    },
    "Fallback": {"say": "Message to send.", "edge": "ID of the node's edge to take."},
}
"""Descriptions by model and key."""
