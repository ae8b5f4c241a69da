"""Webhook verification and parsing shared by the channels."""

from __future__ import annotations

from channels._kit.inbound.captions import remove_file_name
from channels._kit.inbound.form_values import MAX_FORM_LENGTH, FormValues, parse_form_values
from channels._kit.inbound.forms import FORM_CONTENT_TYPE, FormData, parse_form
from channels._kit.inbound.json import (
    JsonObject,
    get_identifier,
    get_number,
    get_object,
    get_object_list,
    get_text,
    parse_object,
)
from channels._kit.inbound.opt_outs import OptOutRecognizer, OptOutWordSet, fold_keyword
from channels._kit.inbound.public_url import PublicUrl, parse_query_values, parse_request_target
from channels._kit.inbound.signatures import matches_sha256, signatures_match
from channels._kit.inbound.vcards import read_vcard
from channels._kit.inbound.verification import Verification
from channels._kit.phone_numbers import canonical_number, is_whatsapp_user_id

__all__ = [
    "FORM_CONTENT_TYPE",
    "MAX_FORM_LENGTH",
    "FormData",
    "FormValues",
    "JsonObject",
    "OptOutRecognizer",
    "OptOutWordSet",
    "PublicUrl",
    "Verification",
    "canonical_number",
    "fold_keyword",
    "get_identifier",
    "get_number",
    "get_object",
    "get_object_list",
    "get_text",
    "is_whatsapp_user_id",
    "matches_sha256",
    "parse_form",
    "parse_form_values",
    "parse_object",
    "parse_query_values",
    "parse_request_target",
    "read_vcard",
    "remove_file_name",
    "signatures_match",
]
