"""Mobility-Online, played: its SOAP services for agreements, applications and the catalogue, and its reports.

An ASGI application that answers from plain records. Paths are found behind any prefix:
`GET …/services/{Service}?wsdl`, `POST …/services/{Service}.{Service}HttpsSoap12Endpoint`,
`GET …/reports/{tenant}/agreements.xml?academic_year=…` and `GET …/reports/{tenant}/applications.xml?term=…`.

Source: Mobility-Online: assumed services, rules S1 to S4, S12 to S14, S18 to S20, S23 and S24.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qs

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox import mobility_online_desk as desk
from mobility_bridge.sandbox.mobility_online_records import (
    MoAddress,
    address_bean,
    agreement_bean,
    institution_bean,
    institutions,
    matching,
    whole_number,
)
from mobility_bridge.sandbox.mobility_online_report import (
    agreement_report,
    application_report,
    application_rows,
)
from mobility_bridge.sandbox.mobility_online_soap import (
    ASSUMED,
    SERVICES,
    Call,
    FaultError,
    contract,
    read_call,
    write_answer,
    write_fault,
)
from mobility_bridge.sandbox.mobility_online_students import MoStudents
from mobility_bridge.sandbox.world import MoAgreement

Scope = MutableMapping[str, Any]

FAULTS: Final = {
    "mo_soap_fault": "answers every call with a SOAP fault and status 500",
    "mo_503": "answers 503 with a page for people",
    "mo_html_page": "answers 200 with a login page",
    "mo_hang": "takes the call and says nothing",
    "mo_half_answer": "sends the first half of the answer",
    "mo_wrong_authority": "no longer knows the authority",
    "mo_wsdl_unavailable": "serves no WSDL",
    "mo_missing_return": "answers without a return element",
    "mo_partial": "has one agreement record that holds text where a number belongs",
    "mo_short_list": "leaves the last agreement out of a search",
    "mo_empty": "finds no agreements at all",
    "mo_no_applications": "finds no applications at all",
    "mo_damaged_application": "has one application whose number is a text",
    "mo_loses_writes": "says that it wrote a course, and did not",
    "mo_swallows_write_answer": "writes a course, and breaks off before it says so",
}
"""What can be switched on, and what it does."""

_SOAP_TYPE: Final = "application/soap+xml; charset=UTF-8"
_PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>Mobility-Online</title></head><body>Please log in.</body></html>"
)
_DAMAGED: Final = "two"
_NEVER_GIVEN: Final = 99_999
_LISTS: Final = frozenset(
    {
        "getAgreementIdsBySearchParameters",
        "getAgreementsBySearchParameters",
        "getInstitutionsBySearchParameters",
        "getAddressesOfInstitution",
    }
    | desk.LISTS
)


@dataclass(frozen=True, slots=True)
class Tenant:
    """One university's data, chosen by its authority. `agreements` and `students` are asked anew for every call.

    `written` takes each write to the catalogue where somebody keeps a journal; None: it is done right away.
    """

    name: str
    agreements: Callable[[], Iterable[MoAgreement]]
    addresses: Mapping[int, tuple[MoAddress, ...]] = field(default_factory=dict)
    applications: tuple[Mapping[str, str], ...] = ()
    students: Callable[[], MoStudents] = MoStudents
    written: Callable[[str, Mapping[str, Any]], Any] | None = None


@dataclass(slots=True)
class Switches:
    """Where the real system's habits are unknown. `call_s` and `record_s` are its latency."""

    strict: bool = True
    assumed_services: bool = True
    empty_lists: Literal["nil", "missing", "empty"] = "nil"
    habits: desk.Habits = field(default_factory=desk.Habits)
    call_s: float = 0.0
    record_s: float = 0.0


@dataclass(slots=True)
class Trouble:
    """One fault that is on: for one operation or all, for some arguments or any, for so many calls or for ever."""

    name: str
    operation: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    times: int | None = None

    def meets(self, operation: str, arguments: Mapping[str, str | None]) -> bool:
        if self.times == 0 or self.operation not in (None, operation):
            return False
        return all(arguments.get(name) == text for name, text in self.arguments.items())


class MobilityOnline:
    """The application. `calls` counts calls by operation, a WSDL as `wsdl`."""

    def __init__(self, tenants: Mapping[str, Tenant], switches: Switches | None = None) -> None:
        self._tenants = dict(tenants)
        self.switches = switches or Switches()
        self.calls: Counter[str] = Counter()
        self._troubles: dict[str, Trouble] = {}

    @property
    def faults(self) -> list[str]:
        """Names of the faults that are on."""
        return sorted(self._troubles)

    def switch(
        self,
        name: str,
        *,
        on: bool = True,
        operation: str | None = None,
        arguments: Mapping[str, str] | None = None,
        times: int | None = None,
    ) -> None:
        """Switch one fault on or off. Raises UsageError for a name that is none."""
        if name not in FAULTS:
            raise UsageError(
                f"Mobility-Online has no fault {name!r}", next_step=f"Choose one of: {', '.join(FAULTS)}."
            )
        self._troubles.pop(name, None)
        if on:
            self._troubles[name] = Trouble(name, operation, arguments or {}, times)

    def repair(self) -> None:
        """Switch every fault off."""
        self._troubles.clear()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        path = (
            f"{scope.get('root_path', '')}{scope['path']}"
            if "/services/" not in scope["path"]
            else scope["path"]
        )
        prefix, services, rest = path.partition("/services/")
        if services and scope["method"] == "GET":
            await self._wsdl(scope, prefix, rest, send)
        elif services and scope["method"] == "POST":
            await self._call(rest.rstrip("/"), receive, send)
        elif "/reports/" in path and scope["method"] == "GET":
            await self._report(scope, path.partition("/reports/")[2], send)
        else:
            await _send(send, 404, "text/plain", b"not found")

    def _on(self, name: str, operation: str, arguments: Mapping[str, str | None] | None = None) -> bool:
        trouble = self._troubles.get(name)
        if trouble is None or not trouble.meets(operation, arguments or {}):
            return False
        if trouble.times is not None:
            trouble.times -= 1
        return True

    def _offered(self, service: str) -> bool:
        return service in SERVICES and (service not in ASSUMED or self.switches.assumed_services)

    async def _wsdl(self, scope: Scope, prefix: str, service: str, send: Any) -> None:
        self.calls["wsdl"] += 1
        if self._on("mo_wsdl_unavailable", "wsdl"):
            await _send(send, 503, "text/html", _PAGE)
        elif not self._offered(service) or scope["query_string"] != b"wsdl":
            await _send(send, 404, "text/plain", b"no such service")
        else:
            host = dict(scope["headers"]).get(b"host", b"localhost").decode("latin-1")
            address = f"{scope['scheme']}://{host}{prefix}/services/{service}.{service}HttpsSoap12Endpoint"
            await _send(send, 200, "text/xml; charset=UTF-8", contract(service).served_at(address))

    async def _call(self, endpoint: str, receive: Any, send: Any) -> None:
        service, _, port = endpoint.partition(".")
        body = await _body(receive)
        if not self._offered(service) or port != f"{service}HttpsSoap12Endpoint":
            await _send(send, 404, "text/plain", b"no such service")
            return
        try:
            call = read_call(body, contract(service), strict=self.switches.strict)
        except FaultError as fault:
            await _send(send, 500, _SOAP_TYPE, write_fault(fault))
            return
        self.calls[call.operation] += 1
        if self._on("mo_hang", call.operation, call.arguments):
            await _hang(receive)
            return
        status, content_type, answer = self._before(call) or await self._answered(service, call)
        if self._on("mo_half_answer", call.operation, call.arguments):
            answer = answer[: len(answer) // 2]
        await _send(send, status, content_type, answer)

    def _before(self, call: Call) -> tuple[int, str, bytes] | None:
        """What gets in the way before anybody looks at the call."""
        if self._on("mo_503", call.operation, call.arguments):
            return 503, "text/html", _PAGE
        if self._on("mo_html_page", call.operation, call.arguments):
            return 200, "text/html", _PAGE
        if self._on("mo_soap_fault", call.operation, call.arguments):
            return 500, _SOAP_TYPE, write_fault(FaultError("Receiver", "SIM-900: something went wrong"))
        return None

    async def _answered(self, service: str, call: Call) -> tuple[int, str, bytes]:
        try:
            returns = self._returns(call)
        except FaultError as fault:
            return 500, _SOAP_TYPE, write_fault(fault)
        if call.operation in desk.WRITES and self._on("mo_swallows_write_answer", call.operation):
            return 503, "text/html", _PAGE
        await asyncio.sleep(self.switches.call_s + len(returns) * self.switches.record_s)
        if not returns:
            returns = _nothing(call, self.switches.empty_lists)
        if self._on("mo_missing_return", call.operation, call.arguments):
            returns = []
        return 200, _SOAP_TYPE, write_answer(contract(service), call.operation, returns)

    def _returns(self, call: Call) -> list[Any]:
        tenant = self._tenants.get(call.arguments["authority"] or "")
        if tenant is None or self._on("mo_wrong_authority", call.operation, call.arguments):
            raise FaultError("Sender", "SIM-010: the authority is not known")
        search = {name: text for name, text in call.arguments.items() if name != "authority"}
        agreements = sorted(tenant.agreements(), key=lambda each: each.agreement_id)
        if self._on("mo_empty", call.operation, call.arguments):
            agreements = []
        answered = self._about_students(tenant, call)
        if answered is not None:
            return answered
        if call.operation == "getAgreementsBySearchParameters":
            found = list(matching(agreements, search))
            if found and self._on("mo_short_list", call.operation, call.arguments):
                found.pop()
            return self._beans(call, found, agreements)
        if call.operation == "getAgreementIdsBySearchParameters":
            return [each.agreement_id for each in matching(agreements, search)]
        if call.operation == "getAgreementByID":
            number = whole_number("agreementID", search["agreementID"])
            return self._beans(call, [each for each in agreements if each.agreement_id == number], agreements)
        if call.operation == "getInstitutionsBySearchParameters":
            return [{**institution_bean(each), "active": True} for each in institutions(agreements, search)]
        if call.operation == "getAddressesOfInstitution":
            number = whole_number("institutionID", search["institutionID"])
            return [address_bean(each) for each in tenant.addresses.get(number, ())]
        raise FaultError("Receiver", f"SIM-011: {call.operation} is not played here")

    def _about_students(self, tenant: Tenant, call: Call) -> list[Any] | None:
        if call.operation in desk.WRITES and self._on("mo_loses_writes", call.operation, call.arguments):
            return [_NEVER_GIVEN if call.operation == "addCoursePerSemester" else True]
        if call.operation in desk.WRITES and tenant.written is not None:
            found: list[Any] | None = tenant.written(call.operation, desk.written(call))
        else:
            found = desk.answer(tenant.students(), call, self.switches.habits)
        if call.operation in desk.APPLICATIONS and found:
            if self._on("mo_no_applications", call.operation, call.arguments):
                return []
            if self._on("mo_damaged_application", call.operation, call.arguments):
                found[0] = {**found[0], "applicationID": _DAMAGED}
        return found

    def _beans(self, call: Call, found: list[MoAgreement], everything: list[MoAgreement]) -> list[Any]:
        beans = [agreement_bean(each) for each in found]
        if self._on("mo_partial", call.operation, call.arguments):
            for bean in beans:
                if bean["agreementID"] == everything[0].agreement_id:
                    bean["totalNumber"] = _DAMAGED
        return beans

    async def _report(self, scope: Scope, rest: str, send: Any) -> None:
        name, _, report = rest.partition("/")
        tenant = next((each for each in self._tenants.values() if each.name == name), None)
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        if tenant is not None and report == "agreements.xml" and self.switches.assumed_services:
            data = agreement_report(tenant.agreements(), asked.get("academic_year", [None])[0])
        elif tenant is not None and report == "applications.xml":
            data = application_report(
                (*tenant.applications, *application_rows(tenant.students())), asked.get("term", [None])[0]
            )
        else:
            await _send(send, 404, "text/plain", b"no such report")
            return
        await _send(send, 200, "application/xml; charset=UTF-8", data)


def _nothing(call: Call, empty_lists: str) -> list[Any]:
    """How nothing looks: a single object is nil, an empty list whatever the switch says."""
    if call.operation not in _LISTS or empty_lists == "nil":
        return [None]
    return [] if empty_lists == "missing" else [{}]


async def _hang(receive: Any) -> None:
    """Wait until the caller has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Any) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _send(send: Any, status: int, content_type: str, body: bytes) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
