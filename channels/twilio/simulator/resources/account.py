"""The account and its phone numbers (Twilio, "Accounts" and "IncomingPhoneNumbers")."""

from __future__ import annotations

from collections.abc import Collection

from channels._kit.simulator import SimulatorResponse
from channels.twilio.simulator.resources.message_validation import FormFields, get_first
from channels.twilio.simulator.responses import json_response

_CHANGEABLE = {"SmsUrl": "sms_url", "SmsMethod": "sms_method"}


class AccountResource:
    """The account's state, and where its numbers' messages go."""

    def __init__(self, account: str, webhook_url: str) -> None:
        self.status = "active"
        self._account = account
        self._webhook_url = webhook_url
        self.changed: dict[str, dict[str, str]] = {}
        """Changed fields of numbers, by SID."""

    def handle(
        self, method: str, path: str, form: FormFields, numbers: Collection[str]
    ) -> SimulatorResponse | None:
        """Answer a request below `/Accounts/{sid}`; `None` for another resource."""
        if method == "GET" and path == ".json":
            about = {
                "sid": self._account,
                "friendly_name": "Harbour Lane",
                "status": self.status,
                "type": "Full",
            }
            return json_response(200, about)
        shown = [self._describe(number) for number in sorted(numbers) if not number.startswith("whatsapp:")]
        if method == "GET" and path == "/IncomingPhoneNumbers.json":
            return json_response(200, {"incoming_phone_numbers": shown, "page": 0, "next_page_uri": None})
        sid = path.removeprefix("/IncomingPhoneNumbers/").removesuffix(".json")
        if method != "POST" or sid not in {each["sid"] for each in shown}:
            return None
        fields = self.changed.setdefault(sid, {})
        fields.update({_CHANGEABLE[name]: get_first(form, name) for name in form if name in _CHANGEABLE})
        return json_response(200, next(each | fields for each in shown if each["sid"] == sid))

    def _describe(self, number: str) -> dict[str, object]:
        sid = f"PN{number.lstrip('+'):0>32}"
        fields = {"sms_url": self._webhook_url, "sms_method": "POST", **self.changed.get(sid, {})}
        return {
            "sid": sid,
            "account_sid": self._account,
            "phone_number": number,
            "friendly_name": number,
            "capabilities": {"voice": False, "sms": True, "mms": True, "fax": False},
            **fields,
        }
