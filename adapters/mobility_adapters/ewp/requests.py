"""What is asked of a partner, as signed bytes: method, address, headers and body of one attempt.

Source: EWP client authentication by HTTP signature 1.0.2, architecture 1.16.0 on methods and parameters.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode
from uuid import uuid4

import httpx

from mobility_adapters.ewp import httpsig
from mobility_adapters.ewp.keys import SigningKey
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.kit.http import Outgoing

LONGEST_URL: Final = 2000
"""Characters of an address beyond which a question is posted: servers may limit GET."""

# Nothing to escape, to put in lower case or to leave out: these parts go on the wire as they are.
_PLAIN: Final = re.compile(r"(https://([a-z0-9-]+(?:\.[a-z0-9-]+)*))(/(?:[A-Za-z0-9_~-]|[/.](?!\.))*)")
_FORM: Final = "application/x-www-form-urlencoded"
_XML: Final = "text/xml; charset=UTF-8"
_NOTHING: Final = httpsig.body_digest(b"")


@dataclass(frozen=True, slots=True)
class Question:
    """One call: to whom, which API and endpoint (`get`, `index`, `url`), with which parameters in order.

    With a `document`, that is posted as it stands and there are no parameters.
    """

    hei_id: HeiId
    api: str
    endpoint: str
    params: tuple[tuple[str, str], ...] = ()
    document: bytes = field(default=b"", repr=False)

    @property
    def name(self) -> str:
        return self.api if self.endpoint == "url" else f"{self.api}.{self.endpoint}"


@dataclass(frozen=True, slots=True)
class Address:
    """A partner's URL in the parts that are signed and sent; `target` is path and query as on the wire."""

    origin: str
    host: str
    target: str

    def with_query(self, query: str) -> "Address":
        """Append parameters, encoded already, to those that the address has of its own."""
        if not query:
            return self
        joint = "&" if "?" in self.target else "?"
        return Address(self.origin, self.host, f"{self.target}{joint}{query}")


@lru_cache(maxsize=8192)
def address(url: str) -> Address:
    """Read an address of the catalogue, once; what is not plain takes longer than the rest of a request.

    Raises:  ValueError for what is no address.
    """
    plain = _PLAIN.fullmatch(url)
    if plain is not None:
        return Address(*plain.groups())
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"{url[:200]} is no address: {error}") from error
    if parsed.scheme not in ("https", "http") or not parsed.host:
        raise ValueError(f"{url[:200]} is no address")
    host = parsed.netloc.decode("ascii")
    return Address(f"{parsed.scheme}://{host}", host, parsed.raw_path.decode("ascii"))


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A request that lacks its signature only. `text` is what is to be signed, over `names` in this order."""

    request: Outgoing
    target: str
    request_id: str
    names: tuple[str, ...]
    text: bytes

    def signed(self, key: SigningKey, signature: str) -> tuple[Outgoing, httpsig.SentRequest]:
        """Put the signature in; return the request and what its answer is checked against."""
        parameters = httpsig.SignatureParameters(key.key_id, httpsig.ALGORITHM, self.names, signature)
        request = self.request
        headers = (*request.headers, ("authorization", httpsig.format_authorization(parameters)))
        sent = httpsig.SentRequest(self.target, self.request_id, signature)
        return Outgoing(request.method, request.url, headers, request.body), sent


def build(
    question: Question,
    url: str,
    methods: Sequence[str],
    now: datetime,
    *,
    post_only: bool,
    wants_signature: bool,
) -> Unsigned:
    """Build one attempt: fresh id and date, everything that must be honoured among what is signed."""
    if question.document:
        method, place, body = "POST", address(url), question.document
    else:
        query = urlencode(question.params)
        method, place, body = _addressed(methods, address(url), query, post_only=post_only)
    headers = {
        "host": place.host,
        "date": httpsig.http_date(now),
        "digest": httpsig.body_digest(body) if body else _NOTHING,
        "x-request-id": str(uuid4()),
        "accept-encoding": "gzip",
    }
    if method == "POST":
        headers["content-type"] = _XML if question.document else _FORM
    if wants_signature:
        headers["accept-signature"] = httpsig.ALGORITHM
    target = httpsig.request_target(method, place.target)
    names = (httpsig.REQUEST_TARGET, *headers)
    text = httpsig.string_to_sign(names, target, headers)
    sent = (*headers.items(), ("user-agent", "mobility-bridge"))
    request = Outgoing(method, place.origin + place.target, sent, body)
    return Unsigned(request, target, headers["x-request-id"], names, text)


def _addressed(
    methods: Sequence[str], place: Address, query: str, *, post_only: bool
) -> tuple[str, Address, bytes]:
    """Choose the method and put the parameters where it wants them; return method, address and body."""
    whole = place.with_query(query)
    if "GET" in methods and not post_only and len(whole.origin) + len(whole.target) <= LONGEST_URL:
        return "GET", whole, b""
    return "POST", place, query.encode("ascii")
