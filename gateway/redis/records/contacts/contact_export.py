"""Exports everything that is stored of a contact, as JSON values (GDPR access)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from redis.asyncio import Redis

from gateway.redis import lua
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.broadcast_rows import find_broadcast_rows
from gateway.redis.records.contacts.contact_records import ContactRecords
from gateway.redis.records.contacts.contact_search import ContactSearch
from gateway.redis.records.contacts.key_content import decode_text, read_key
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.session_keys import SESSION_PARTS, session_key

_SCOPES = {"1": "all", "0": "none", "": "none"}


async def export_contact(redis: Redis, contact: str) -> dict[str, Any] | None:
    """Return what is stored of a contact; `None` if there is nothing, not even an opt-out."""
    found = await ContactSearch(redis).find(contact)
    records: dict[str, list[Any]] = defaultdict(list)
    async for record in ContactRecords(redis, found).find_all():
        fields = record.content if isinstance(record.content, dict) else {}
        places = [*found.sessions, *(str(fields[name]) for name in ("key", "session", "s") if name in fields)]
        opened = await cipher_of(redis).open_tree(places, record.content)
        records[record.kind].append(opened)
    async for record in find_broadcast_rows(redis, found):
        records[record.kind].append(record.content)
    kept = await _read_kept_opt_outs(redis, [*found.sessions, *found.links, *found.identifiers])
    if not (found.sessions or records or kept):
        return None
    return {
        "contact": contact,
        "identifiers": sorted(found.identifiers),
        "sessions": [await _export_session(redis, session) for session in found.sessions],
        "records": dict(records),
        "kept_opt_outs": kept,
    }


async def _export_session(redis: Redis, session: str) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for part, name in SESSION_PARTS.items():
        content = await read_key(redis, session_key(session, part))
        if content is not None:
            parts[name] = await cipher_of(redis).open_tree([session], content)
    if files := await PublicFiles(redis, "", seconds=0).export_of(session):
        parts["files"] = files
    scope = str(parts.get("session", {}).get("optout", ""))
    return {"id": session, "opt_out": _SCOPES.get(scope, scope), **parts}


async def _read_kept_opt_outs(redis: Redis, names: list[str]) -> dict[str, str]:
    """Return the scope of the opt-outs that are kept under hashes of the contact's names."""
    unique = sorted(set(names))
    scopes = await lua.load_script("read_optouts", ProtocolLimits())(redis, list(unique))
    found = zip(unique, map(decode_text, scopes), strict=True)
    return {name: _SCOPES.get(scope, scope) for name, scope in found if scope}
