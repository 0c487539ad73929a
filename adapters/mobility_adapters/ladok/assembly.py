"""Putting the registry together: certificate, transport, mappings.

Source: Ladok: transport.
"""

import ssl
from urllib.parse import urlsplit

from mobility_adapters.ladok.certificate import ClientCertificate, load_certificate
from mobility_adapters.ladok.client import Access, LadokClient
from mobility_adapters.ladok.courtesy import Courtesy
from mobility_adapters.ladok.registry import LadokRegistry
from mobility_adapters.ladok.settings import LadokSettings, closure, load_mappings
from mobility_bridge.errors import ConfigError
from mobility_bridge.kit.http import Limits, WireTransport, tls_context
from mobility_bridge.ports.adapter import Surroundings


def build_registry(settings: LadokSettings, surroundings: Surroundings) -> LadokRegistry:
    """Build the registry. Raises ConfigError for a certificate, mapping or file that does not load."""
    mappings = load_mappings(settings, surroundings.mappings_dir)
    base = surroundings.base_dir
    try:
        certificate = _certificate(settings, surroundings)
        transport = surroundings.transport
        if transport is None:
            context = tls_context(base / settings.ca_file if settings.ca_file else None)
            if certificate is not None:
                certificate.load_into(context)
            transport = WireTransport(context)
    except (ValueError, OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"Ladok cannot be set up: {error}", next_step="Run: mobility-bridge config check"
        ) from error
    access = Access(
        base_url=settings.base_url,
        limits=Limits(settings.connect_timeout_s, settings.read_timeout_s, settings.max_body_bytes),
        read_attempts=settings.read_attempts,
        untold_wait_s=settings.untold_wait_s,
        closures=tuple(closure(text) for text in settings.closures),
        certificate="" if certificate is None else f"{certificate.file.name}, {certificate.user}",
        plain_header=(settings.plain_header, settings.plain_user)
        if settings.plain_user and not settings.secure
        else None,
    )
    courtesy = Courtesy(settings.calls_per_s, settings.burst, surroundings.clock)
    client = LadokClient(access, transport, courtesy, surroundings.clock)
    return LadokRegistry(client, settings, mappings, surroundings.clock, certificate)


def _certificate(settings: LadokSettings, surroundings: Surroundings) -> ClientCertificate | None:
    """Load the certificate and insist on its environment. Raises ValueError."""
    if not settings.secure:
        return None
    if settings.certificate is None:
        raise ValueError("no certificate is set")
    base = surroundings.base_dir
    word = settings.passphrase.resolve(base) if settings.passphrase else None
    key = base / settings.certificate_key if settings.certificate_key else None
    certificate = load_certificate(base / settings.certificate, key, word)
    if settings.environment not in ("other", certificate.environment):
        raise ValueError(
            f"wrong_environment: the certificate is for {certificate.environment or 'no environment'}, "
            f"the configuration for {settings.environment} ({urlsplit(settings.base_url).netloc})"
        )
    return certificate
