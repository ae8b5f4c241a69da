"""Facts about a message beside its text: author, limits, service window, search terms."""

from __future__ import annotations

from pydantic_core import to_json

from core.model import (
    ConsentRequest,
    ControlAction,
    Owner,
    ParticipantMessage,
    ParticipantPolicy,
    Turn,
    TurnReceived,
)
from core.ports import ServiceWindow
from core.processing import (
    AbuseLimits,
    describe_words,
)
from gateway.redis.encryption.sealing import NOTHING, Sealer
from gateway.redis.inbox.message_entry import author_id, author_name, message_entry
from gateway.redis.records.contacts.contact_spelling import build_terms

_WORDS_DIGEST_LENGTH = 16
_IDENTIFYING_DETAILS = (
    "user_id",
    "external_id",
    "external_user_id",
    "wa_id",
    "profile_username",
    "email",
    "phone",
)


def encode_facts(
    event: TurnReceived | ParticipantMessage,
    sealer: Sealer,
    policy: ParticipantPolicy | None,
    window: ServiceWindow | None,
    abuse: AbuseLimits | None = None,
) -> str:
    """Encode the further facts that accept.lua needs of a message; empty if there are none."""
    facts: dict[str, object] = {}
    if isinstance(event, TurnReceived) and event.control_is_ours and event.turn.at:
        facts["ours"] = event.turn.at
    if isinstance(event, TurnReceived) and event.request:
        facts |= _request_facts(event.turn, event.request, sealer, is_confirmed=event.request_confirmed)
    if abuse:
        words = describe_words(event.turn)
        facts["limits"] = {
            "minute": abuse.messages_per_minute,
            "day": abuse.messages_per_day,
            "rounds": abuse.rounds,
            "tokens": abuse.tokens_per_day,
            "account": abuse.account_messages_per_day,
            "account_tokens": abuse.account_tokens_per_day,
            "words": words and sealer.digest("words", words)[:_WORDS_DIGEST_LENGTH],
        }
    if window and window.applies_to(event.turn.address):
        facts["window"] = window.seconds * 1000
    if len(event.aliases) > 1 or (isinstance(event, TurnReceived) and event.consent_names):
        facts["has_names"] = True
    if isinstance(event, TurnReceived) and (known := _known_identifiers(event.turn)):
        facts["known"] = sealer.record(event.turn.session, to_json(known), NOTHING).decode()
    if isinstance(event, TurnReceived):
        facts["terms"] = _search_terms(event.turn, sealer)
    if event.author:
        facts |= _author_facts(event, policy, sealer)
    return to_json(facts).decode() if facts else ""


def _known_identifiers(turn: Turn) -> dict[str, list[str]]:
    """Return further identifiers of the contact, by which operators find them; empty if there are none."""
    names = {turn.profile_name, turn.details.get("profile_name", "")} - {""}
    ids = {turn.details.get(name, "") for name in _IDENTIFYING_DETAILS} - {""}
    return {"names": sorted(names), "ids": sorted(ids)} if names or ids else {}


def _search_terms(turn: Turn, sealer: Sealer) -> list[str]:
    """Return the terms by which the console finds the conversation: identifiers and name of its contact."""
    known = _known_identifiers(turn)
    names_of_keys = [turn.address.theirs, turn.session.rpartition(":")[2]]  # they are clear in any case
    ids, names = known.get("ids", ()), known.get("names", ())
    if not sealer.is_on:
        return build_terms([*names_of_keys, *ids], names)
    return [*build_terms(names_of_keys, ()), *sealer.hidden_terms(build_terms(ids, names))]


def _request_facts(
    turn: Turn, request: ConsentRequest, sealer: Sealer, *, is_confirmed: bool
) -> dict[str, object]:
    """Return the consent request, and the turn that is stored if it changes the contact's consent."""
    confirmed = request is ConsentRequest.OPT_IN and is_confirmed
    answered = turn.model_copy(update={"request": request, "request_confirmed": confirmed})
    return {"request": request, "request_turn": sealer.turn(answered).decode(), "at": turn.at}


def _author_facts(
    event: TurnReceived | ParticipantMessage, policy: ParticipantPolicy | None, sealer: Sealer
) -> dict[str, object]:
    """Return the facts about an author; the only place at which the policy for participants is applied."""
    turn, facts = event.turn, {"author": event.author}
    if isinstance(event, TurnReceived) and event.author_is_contact:
        return {**facts, "is_contact": True, "consent": event.consent_names}
    if policy is ParticipantPolicy.TAKE_OVER:
        act = {"act": ControlAction.TAKE_OVER, "owner": Owner.HUMAN, "at": turn.at}
        entry = sealer.entry(turn.session, {**act, "actor": author_name(event)})
        return {**facts, "take_over": entry.decode()}
    if policy is ParticipantPolicy.OWN_SESSION:
        own = turn.model_copy(update={"session": f"{turn.session}:{author_id(event)}"})
        own_entry = {"own_entry": sealer.entry(own.session, message_entry(event)).decode()}
        own_facts = {"own_session": own.session, "own_turn": sealer.turn(own).decode()}
        return {**facts, **own_facts, **(own_entry if sealer.is_on else {})}
    return dict(facts)
