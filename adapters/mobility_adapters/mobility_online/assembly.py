"""The doors to Mobility-Online, put together from settings: agreements, applications, the catalogue."""

import ssl

from mobility_adapters.mobility_online.applications import MobilityOnlineApplications
from mobility_adapters.mobility_online.catalogue import MobilityOnlineCatalogue
from mobility_adapters.mobility_online.client import Access, SoapClient
from mobility_adapters.mobility_online.settings import MobilityOnlineSettings, load_mappings
from mobility_adapters.mobility_online.source import MobilityOnlineSource, Route
from mobility_bridge.errors import ConfigError
from mobility_bridge.kit.http import Limits, WireTransport, tls_context
from mobility_bridge.ports.adapter import Capabilities, Surroundings


def build(settings: MobilityOnlineSettings, surroundings: Surroundings) -> Capabilities:
    """Build what the settings and the mapping file allow.

    Shape:   applications where the mapping file has a table for them and there is a way to them; the catalogue
             only where it is switched on.
    Raises:  ConfigError for a mapping, secret or certificate that does not load.
    """
    codes, report = load_mappings(settings, surroundings.mappings_dir)
    base = surroundings.base_dir
    client = _client(settings, surroundings)
    source = MobilityOnlineSource(
        own_hei_id=surroundings.own_hei_id,
        client=client,
        codes=codes,
        report=report,
        clock=surroundings.clock,
        route=Route(
            settings.assumed_services,
            base / settings.report_file if settings.report_file else None,
            settings.max_body_bytes,
        ),
    )
    mappings, exported = codes.applications, settings.applications_report_file
    applications = None
    if mappings is not None and (client is not None or exported is not None):
        applications = MobilityOnlineApplications(
            own_hei_id=surroundings.own_hei_id,
            client=client,
            codes=codes,
            applications=mappings,
            report=report,
            clock=surroundings.clock,
            report_file=base / exported if exported else None,
            max_body_bytes=settings.max_body_bytes,
        )
    catalogue = None
    if settings.course_catalogue and client is not None:
        if mappings is None:
            raise ConfigError(
                f"{settings.mappings} has no table [applications], whose term texts course_catalogue needs.",
                next_step="Add [applications.terms], or set course_catalogue = false.",
            )
        catalogue = MobilityOnlineCatalogue(client, codes, mappings.terms, surroundings.clock)
    return Capabilities(agreements=source, applications=applications, catalogue=catalogue, close=source.close)


def _client(settings: MobilityOnlineSettings, surroundings: Surroundings) -> SoapClient | None:
    """The way to the services; None where no address is set."""
    if settings.base_url is None or settings.authority is None:
        return None
    base = surroundings.base_dir
    try:
        authority = settings.authority.resolve(base)
        transport = surroundings.transport or WireTransport(
            tls_context(base / settings.ca_file if settings.ca_file else None),
            connections=settings.parallel_calls,
        )
    except (ValueError, OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"Mobility-Online cannot be set up: {error}", next_step="Run: mobility-bridge config check"
        ) from error
    access = Access(
        base_url=settings.base_url,
        authority=authority,
        limits=Limits(settings.connect_timeout_s, settings.read_timeout_s, settings.max_body_bytes),
        parallel_calls=settings.parallel_calls,
        read_attempts=settings.read_attempts,
    )
    return SoapClient(access, transport, surroundings.clock)
