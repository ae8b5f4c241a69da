"""Reading of a workspace: the app, its teammates and teams, and its contacts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from channels._kit.simulator import SimulatorResponse
from channels.intercom.simulator.records import build_contact_record, build_team, build_teammate
from channels.intercom.simulator.resources.lists import list_contacts
from channels.intercom.simulator.validation import ok_response


class Workspace:
    """One workspace; `contacts` are the addresses of its contacts by their IDs, `bot` is one of `admins`."""

    def __init__(
        self,
        app: str,
        *,
        bot: str,
        admins: Mapping[str, str],
        teams: Collection[str],
        contacts: Mapping[str, str],
    ) -> None:
        self._app = app
        self._bot = bot
        self._admins = admins
        self._teams = teams
        self._contacts = contacts

    def read(self, path: Sequence[str], query: str) -> SimulatorResponse | None:
        """Return what is at a path; `None` if it is none of these."""
        match path:
            case ["me"]:
                app = {"type": "app", "id_code": self._app, "region": "US"}
                me = build_teammate(self._bot, self._admins[self._bot])
                return ok_response({**me, "has_inbox_seat": True, "app": app})
            case ["admins"]:
                admins = [build_teammate(number, name) for number, name in self._admins.items()]
                return ok_response({"type": "admin.list", "admins": admins})
            case ["admins", number] if number in self._admins:
                return ok_response(build_teammate(number, self._admins[number]))
            case ["teams"]:
                teams = [build_team(team) for team in self._teams]
                return ok_response({"type": "team.list", "teams": teams})
            case ["teams", team] if team in self._teams:
                return ok_response(build_team(team))
            case ["contacts"]:
                contacts = [build_contact_record(person) for person in reversed([*self._contacts.values()])]
                return ok_response(list_contacts(contacts, query))
            case ["contacts", number] if number in self._contacts:
                return ok_response(build_contact_record(self._contacts[number]))
        return None
