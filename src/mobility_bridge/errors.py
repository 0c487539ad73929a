"""The one error tree.

BridgeError
├── ConfigError              the operator must edit something              exit 2
├── UsageError               the command names what is not there           exit 2
├── ExternalError            an external system let us down                exit 3
│   ├── Unreachable          timeout, DNS, refused, 5xx, 429               retry
│   ├── Rejected             4xx, SOAP fault: "no" is an answer            do not retry
│   ├── Untrusted            signature, digest, key or certificate fails   do not retry, alert
│   ├── InvalidDocument      not what its schema says                      do not retry
│   └── NotOffered           the system has no such interface              do not retry
└── StoreError               the store let us down                         exit 1
    ├── StoreBusy            another writer was first                      retry the unit of work
    ├── StoreOutdated        the schema is not the one this version needs  do not retry
    └── StoreHeld            another daemon owns the store                 do not retry

Whether to retry belongs to the class (`retryable`); attributes, not text, carry the facts.
"""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self


class BridgeError(Exception):
    """Base of every error that this program raises on purpose.

    `next_step` is the sentence that tells a person what to do; the command line prints it last.
    """

    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, next_step: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    @property
    def word(self) -> str:
        """The class in the words of logs and health records: `invalid_document` for InvalidDocument."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()

    def alone(self) -> Self:
        """Forget where it was raised and what led to it, and return it.

        The frames of a traceback hold whatever was being worked on, such as whole documents, for as long as the
        error is kept: in a report, or while the next thing is tried.
        """
        self.__traceback__ = self.__cause__ = self.__context__ = None
        return self


class ConfigError(BridgeError):
    """The configuration does not hold.

    `problems` lists every one found, each as (path, found, wanted); never only the first.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        problems: Sequence[tuple[str, str, str]] = (),
        next_step: str | None = None,
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.problems = tuple(problems)


class UsageError(BridgeError):
    """A command names something that is not there, or that its state forbids."""

    exit_code = 2


class ExternalError(BridgeError):
    """An external system let us down.

    `reason` is a stable word of the subclass's own list, for logs, rules and statistics. `evidence` holds
    what crossed the wire before it failed (`domain.evidence.Exchange`, oldest first), so that the caller
    can keep it: bytes that led to an error are worth more than those that did not.
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        system: str,
        reason: str,
        hei_id: str | None = None,
        evidence: Sequence[object] = (),
        next_step: str | None = None,
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.system = system
        self.reason = reason
        self.hei_id = hei_id
        self.evidence = tuple(evidence)


class Unreachable(ExternalError):
    """No usable answer. `reason`: timeout, connection, tls, http_5xx, http_429, incomplete.

    `maintenance` stands in place of any of them where a closure was announced: nobody need be alarmed.
    `retry_after_s` is how long the system asked us to wait, in seconds.
    """

    retryable = True

    def __init__(  # noqa: PLR0913 - the facts of one failure, keyword only
        self,
        message: str,
        *,
        system: str,
        reason: str,
        retry_after_s: float | None = None,
        hei_id: str | None = None,
        evidence: Sequence[object] = (),
        next_step: str | None = None,
    ) -> None:
        super().__init__(
            message, system=system, reason=reason, hei_id=hei_id, evidence=evidence, next_step=next_step
        )
        self.retry_after_s = retry_after_s


class Rejected(ExternalError):
    """The system understood and said no. `reason`: http_3xx, http_4xx, soap_fault, error_document_invalid.

    `status` is the HTTP status; `developer_message` what an EWP error document said, if it was one, and
    `user_messages` what it wants the person to read who acted (never logged); `codes` the system's own stable codes
    by name (never texts, never personal data).
    """

    def __init__(  # noqa: PLR0913 - the facts of one failure, keyword only
        self,
        message: str,
        *,
        system: str,
        reason: str,
        status: int | None = None,
        developer_message: str | None = None,
        user_messages: Sequence[str] = (),
        codes: Mapping[str, str] | None = None,
        hei_id: str | None = None,
        evidence: Sequence[object] = (),
        next_step: str | None = None,
    ) -> None:
        super().__init__(
            message, system=system, reason=reason, hei_id=hei_id, evidence=evidence, next_step=next_step
        )
        self.status = status
        self.developer_message = developer_message
        self.user_messages = tuple(user_messages)
        self.codes = dict(codes or {})


class Untrusted(ExternalError):
    """What was received cannot be believed.

    `reason`: signature_missing, signature_incomplete, key_unknown, signature_wrong, digest_wrong, date_off,
    request_id_differs, request_signature_differs, certificate, catalogue_shrunken.
    """


class InvalidDocument(ExternalError):
    """What came is no document of the kind that was asked for.

    Those who wrote it find the place by `line` (the first is 1) and by `path` (an XPath from the root).
    `reason`: not_xml, doctype, too_large, wrong_root, schema, content.
    """

    def __init__(  # noqa: PLR0913 - the facts of one failure, keyword only
        self,
        message: str,
        *,
        system: str,
        reason: str,
        path: str | None = None,
        line: int | None = None,
        hei_id: str | None = None,
        evidence: Sequence[object] = (),
        next_step: str | None = None,
    ) -> None:
        super().__init__(
            message, system=system, reason=reason, hei_id=hei_id, evidence=evidence, next_step=next_step
        )
        self.path = path
        self.line = line


class NotOffered(ExternalError):
    """The system does not offer what was asked. `reason`: no_host, no_api, old_version, no_security, switched_off."""


class StoreError(BridgeError):
    """The store let us down."""


class StoreBusy(StoreError):
    """Another writer was first; the whole unit of work may be tried again."""

    retryable = True


class StoreOutdated(StoreError):
    """The schema in the store is not the one that this version needs."""

    exit_code = 2


class StoreHeld(StoreError):
    """Another daemon owns the store."""
