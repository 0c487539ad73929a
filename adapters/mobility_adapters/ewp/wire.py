"""The names that cross the wire: namespaces, qualified names, formats.

Namespaces are opaque strings; two styles exist (`blob/…/x.xsd` for IIAs documents, common types and manifest
entries, `tree/stable-vN` for the rest), so they are written out and never put together.

Source: EWP architecture 1.16.0; IIAs API 7.0.0 and 6.3.0; IIAs Approval API 2.0.0; IIA CNR API 3.0.0; IIA
Approval CNR API 2.0.0; Outgoing Mobility Learning Agreements API 1.2.0; Outgoing Mobility LA CNR API 1.1.0;
Outgoing Mobilities API 3.0.0 and 2.0.0; Incoming Mobilities API 2.0.0 and 1.0.0; Incoming Mobility ToRs API 3.0.0
and 2.0.0; their CNR and statistics APIs; ELMO 2.1.1 and 1.6.0;
Echo API 2.0.1; Registry API 1.5; Discovery API 6.0.0; security methods of sec-intro 2.
"""

from typing import Final

SYSTEM: Final = "ewp"
"""This adapter's word in errors and exchanges."""

_SITE: Final = "https://github.com/erasmus-without-paper"

# --- core ---------------------------------------------------------------------------------------------
COMMON: Final = f"{_SITE}/ewp-specs-architecture/blob/stable-v1/common-types.xsd"
CATALOGUE: Final = f"{_SITE}/ewp-specs-api-registry/tree/stable-v1"
MANIFEST: Final = f"{_SITE}/ewp-specs-api-discovery/tree/stable-v6"
SECURITY: Final = f"{_SITE}/ewp-specs-sec-intro/tree/stable-v2"
XML: Final = "http://www.w3.org/XML/1998/namespace"

# --- shared types -------------------------------------------------------------------------------------
CONTACT: Final = f"{_SITE}/ewp-specs-types-contact/tree/stable-v1"
PHONE: Final = f"{_SITE}/ewp-specs-types-phonenumber/tree/stable-v1"
ADDRESS: Final = f"{_SITE}/ewp-specs-types-address/tree/stable-v1"
ACADEMIC_TERM_V1: Final = f"{_SITE}/ewp-specs-types-academic-term/tree/stable-v1"
ACADEMIC_TERM_V2: Final = f"{_SITE}/ewp-specs-types-academic-term/tree/stable-v2"

# --- IIAs 7 and 6 -------------------------------------------------------------------------------------
IIAS_V7_ENTRY: Final = f"{_SITE}/ewp-specs-api-iias/blob/stable-v7/manifest-entry.xsd"
IIAS_V7_GET: Final = f"{_SITE}/ewp-specs-api-iias/blob/stable-v7/endpoints/get-response.xsd"
IIAS_V7_INDEX: Final = f"{_SITE}/ewp-specs-api-iias/blob/stable-v7/endpoints/index-response.xsd"
IIAS_V7_STATS: Final = f"{_SITE}/ewp-specs-api-iias/blob/stable-v7/endpoints/stats-response.xsd"
IIAS_V6_ENTRY: Final = f"{_SITE}/ewp-specs-api-iias/blob/stable-v6/manifest-entry.xsd"
IIAS_V6_GET: Final = f"{_SITE}/ewp-specs-api-iias/blob/stable-v6/endpoints/get-response.xsd"
IIAS_V6_INDEX: Final = f"{_SITE}/ewp-specs-api-iias/blob/stable-v6/endpoints/index-response.xsd"
IIAS_V6_STATS: Final = f"{_SITE}/ewp-specs-api-iias/blob/stable-v6/endpoints/stats-response.xsd"

# --- the other agreement APIs -------------------------------------------------------------------------
IIA_CNR_V3_ENTRY: Final = f"{_SITE}/ewp-specs-api-iia-cnr/blob/stable-v3/manifest-entry.xsd"
IIA_CNR_V3: Final = f"{_SITE}/ewp-specs-api-iia-cnr/tree/stable-v3"
IIAS_APPROVAL_V2_ENTRY: Final = f"{_SITE}/ewp-specs-api-iias-approval/blob/stable-v2/manifest-entry.xsd"
IIAS_APPROVAL_V2: Final = f"{_SITE}/ewp-specs-api-iias-approval/tree/stable-v2"
IIA_APPROVAL_CNR_V2_ENTRY: Final = f"{_SITE}/ewp-specs-api-iia-approval-cnr/blob/stable-v2/manifest-entry.xsd"
IIA_APPROVAL_CNR_V2: Final = f"{_SITE}/ewp-specs-api-iia-approval-cnr/tree/stable-v2"

# --- learning agreements ------------------------------------------------------------------------------
OMOBILITY_LAS_V1_ENTRY: Final = f"{_SITE}/ewp-specs-api-omobility-las/blob/stable-v1/manifest-entry.xsd"
OMOBILITY_LAS_V1_GET: Final = f"{_SITE}/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/get-response.xsd"
OMOBILITY_LAS_V1_INDEX: Final = (
    f"{_SITE}/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/index-response.xsd"
)
OMOBILITY_LAS_V1_UPDATE_REQUEST: Final = (
    f"{_SITE}/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/update-request.xsd"
)
OMOBILITY_LAS_V1_UPDATE_RESPONSE: Final = (
    f"{_SITE}/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/update-response.xsd"
)
OMOBILITY_LAS_V1_STATS: Final = (
    f"{_SITE}/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/stats-response.xsd"
)
OMOBILITY_LA_CNR_V1_ENTRY: Final = f"{_SITE}/ewp-specs-api-omobility-la-cnr/blob/stable-v1/manifest-entry.xsd"
OMOBILITY_LA_CNR_V1: Final = f"{_SITE}/ewp-specs-api-omobility-la-cnr/tree/stable-v1"
OMOBILITY_LA_CNR_V1_STATS: Final = (
    f"{_SITE}/ewp-specs-api-omobility-la-cnr/tree/stable-v1/endpoints/stats-response.xsd"
)

# --- nominations, stays and transcripts -----------------------------------------------------------------
OMOBILITIES_V3_ENTRY: Final = f"{_SITE}/ewp-specs-api-omobilities/blob/stable-v3/manifest-entry.xsd"
OMOBILITIES_V3_GET: Final = f"{_SITE}/ewp-specs-api-omobilities/blob/stable-v3/endpoints/get-response.xsd"
OMOBILITIES_V3_INDEX: Final = f"{_SITE}/ewp-specs-api-omobilities/blob/stable-v3/endpoints/index-response.xsd"
OMOBILITIES_V3_UPDATE_REQUEST: Final = (
    f"{_SITE}/ewp-specs-api-omobilities/blob/stable-v3/endpoints/update-request.xsd"
)
OMOBILITIES_V3_UPDATE_RESPONSE: Final = (
    f"{_SITE}/ewp-specs-api-omobilities/blob/stable-v3/endpoints/update-response.xsd"
)
OMOBILITIES_V2_GET: Final = f"{_SITE}/ewp-specs-api-omobilities/blob/stable-v2/endpoints/get-response.xsd"
OMOBILITY_CNR_V2_ENTRY: Final = f"{_SITE}/ewp-specs-api-omobility-cnr/blob/stable-v2/manifest-entry.xsd"
OMOBILITY_CNR_V2: Final = f"{_SITE}/ewp-specs-api-omobility-cnr/tree/stable-v2"
OMOBILITY_STATS_V1_ENTRY: Final = f"{_SITE}/ewp-specs-api-omobility-stats/blob/stable-v1/manifest-entry.xsd"
OMOBILITY_STATS_V1: Final = f"{_SITE}/ewp-specs-api-omobility-stats/tree/stable-v1"
IMOBILITIES_V2_ENTRY: Final = f"{_SITE}/ewp-specs-api-imobilities/blob/stable-v2/manifest-entry.xsd"
IMOBILITIES_V2_GET: Final = f"{_SITE}/ewp-specs-api-imobilities/blob/stable-v2/endpoints/get-response.xsd"
IMOBILITIES_V1_GET: Final = f"{_SITE}/ewp-specs-api-imobilities/blob/stable-v1/endpoints/get-response.xsd"
IMOBILITY_CNR_V2_ENTRY: Final = f"{_SITE}/ewp-specs-api-imobility-cnr/blob/stable-v2/manifest-entry.xsd"
IMOBILITY_CNR_V2: Final = f"{_SITE}/ewp-specs-api-imobility-cnr/tree/stable-v2"
IMOBILITY_TORS_V3_ENTRY: Final = f"{_SITE}/ewp-specs-api-imobility-tors/blob/stable-v3/manifest-entry.xsd"
IMOBILITY_TORS_V3_GET: Final = (
    f"{_SITE}/ewp-specs-api-imobility-tors/blob/stable-v3/endpoints/get-response.xsd"
)
IMOBILITY_TORS_V3_INDEX: Final = (
    f"{_SITE}/ewp-specs-api-imobility-tors/blob/stable-v3/endpoints/index-response.xsd"
)
IMOBILITY_TORS_V2_GET: Final = (
    f"{_SITE}/ewp-specs-api-imobility-tors/blob/stable-v2/endpoints/get-response.xsd"
)
IMOBILITY_TOR_CNR_V2_ENTRY: Final = (
    f"{_SITE}/ewp-specs-api-imobility-tor-cnr/blob/stable-v2/manifest-entry.xsd"
)
IMOBILITY_TOR_CNR_V2: Final = f"{_SITE}/ewp-specs-api-imobility-tor-cnr/tree/stable-v2"
IMOBILITY_TOR_STATS_V1_ENTRY: Final = (
    f"{_SITE}/ewp-specs-api-imobility-tor-stats/blob/stable-v1/manifest-entry.xsd"
)
IMOBILITY_TOR_STATS_V1: Final = f"{_SITE}/ewp-specs-api-imobility-tor-stats/tree/stable-v1"
ELMO_V2: Final = "https://github.com/emrex-eu/elmo-schemas/tree/v2"
ELMO_V1: Final = "https://github.com/emrex-eu/elmo-schemas/tree/v1"

# --- Echo, Registry, Discovery ------------------------------------------------------------------------
ECHO_V2_ENTRY: Final = f"{_SITE}/ewp-specs-api-echo/blob/stable-v2/manifest-entry.xsd"
ECHO_V2: Final = f"{_SITE}/ewp-specs-api-echo/tree/stable-v2"
REGISTRY_V1_ENTRY: Final = f"{_SITE}/ewp-specs-api-registry/blob/stable-v1/manifest-entry.xsd"
DISCOVERY_V6_ENTRY: Final = f"{_SITE}/ewp-specs-api-discovery/blob/stable-v6/manifest-entry.xsd"

# --- security methods: the namespace alone tells the four aspects apart ---------------------------------
CLIAUTH_NONE: Final = f"{_SITE}/ewp-specs-sec-cliauth-none/tree/stable-v1"
CLIAUTH_TLSCERT: Final = f"{_SITE}/ewp-specs-sec-cliauth-tlscert/tree/stable-v1"
CLIAUTH_HTTPSIG: Final = f"{_SITE}/ewp-specs-sec-cliauth-httpsig/tree/stable-v1"
SRVAUTH_TLSCERT: Final = f"{_SITE}/ewp-specs-sec-srvauth-tlscert/tree/stable-v1"
SRVAUTH_HTTPSIG: Final = f"{_SITE}/ewp-specs-sec-srvauth-httpsig/tree/stable-v1"
REQENCR_TLS: Final = f"{_SITE}/ewp-specs-sec-reqencr-tls/tree/stable-v1"
RESENCR_TLS: Final = f"{_SITE}/ewp-specs-sec-resencr-tls/tree/stable-v1"


def qname(namespace: str, local: str) -> str:
    """Put a name into a namespace the way lxml writes it: `{namespace}local`."""
    return f"{{{namespace}}}{local}"


# --- roots of responses -------------------------------------------------------------------------------
IIAS_V7_GET_ROOT: Final = qname(IIAS_V7_GET, "iias-get-response")
IIAS_V7_INDEX_ROOT: Final = qname(IIAS_V7_INDEX, "iias-index-response")
IIAS_V7_STATS_ROOT: Final = qname(IIAS_V7_STATS, "iias-stats-response")
IIAS_V6_GET_ROOT: Final = qname(IIAS_V6_GET, "iias-get-response")
IIAS_APPROVAL_V2_ROOT: Final = qname(IIAS_APPROVAL_V2, "iias-approval-response")
IIA_CNR_V3_ROOT: Final = qname(IIA_CNR_V3, "iia-cnr-response")
IIA_APPROVAL_CNR_V2_ROOT: Final = qname(IIA_APPROVAL_CNR_V2, "iia-approval-cnr-response")
OMOBILITY_LAS_V1_GET_ROOT: Final = qname(OMOBILITY_LAS_V1_GET, "omobility-las-get-response")
OMOBILITY_LAS_V1_INDEX_ROOT: Final = qname(OMOBILITY_LAS_V1_INDEX, "omobility-las-index-response")
OMOBILITY_LAS_V1_UPDATE_REQUEST_ROOT: Final = qname(
    OMOBILITY_LAS_V1_UPDATE_REQUEST, "omobility-las-update-request"
)
OMOBILITY_LAS_V1_UPDATE_RESPONSE_ROOT: Final = qname(
    OMOBILITY_LAS_V1_UPDATE_RESPONSE, "omobility-las-update-response"
)
OMOBILITY_LAS_V1_STATS_ROOT: Final = qname(OMOBILITY_LAS_V1_STATS, "las-outgoing-stats-response")
OMOBILITY_LA_CNR_V1_ROOT: Final = qname(OMOBILITY_LA_CNR_V1, "omobility-la-cnr-response")
OMOBILITY_LA_CNR_V1_STATS_ROOT: Final = qname(OMOBILITY_LA_CNR_V1_STATS, "las-incoming-stats-response")
OMOBILITIES_V3_GET_ROOT: Final = qname(OMOBILITIES_V3_GET, "omobilities-get-response")
OMOBILITIES_V3_INDEX_ROOT: Final = qname(OMOBILITIES_V3_INDEX, "omobilities-index-response")
OMOBILITIES_V3_UPDATE_REQUEST_ROOT: Final = qname(OMOBILITIES_V3_UPDATE_REQUEST, "omobilities-update-request")
OMOBILITIES_V3_UPDATE_RESPONSE_ROOT: Final = qname(
    OMOBILITIES_V3_UPDATE_RESPONSE, "omobilities-update-response"
)
OMOBILITIES_V2_GET_ROOT: Final = qname(OMOBILITIES_V2_GET, "omobilities-get-response")
OMOBILITY_CNR_V2_ROOT: Final = qname(OMOBILITY_CNR_V2, "omobility-cnr-response")
OMOBILITY_STATS_V1_ROOT: Final = qname(OMOBILITY_STATS_V1, "omobility-stats-response")
IMOBILITIES_V2_GET_ROOT: Final = qname(IMOBILITIES_V2_GET, "imobilities-get-response")
IMOBILITIES_V1_GET_ROOT: Final = qname(IMOBILITIES_V1_GET, "imobilities-get-response")
IMOBILITY_CNR_V2_ROOT: Final = qname(IMOBILITY_CNR_V2, "imobility-cnr-response")
IMOBILITY_TORS_V3_GET_ROOT: Final = qname(IMOBILITY_TORS_V3_GET, "imobility-tors-get-response")
IMOBILITY_TORS_V3_INDEX_ROOT: Final = qname(IMOBILITY_TORS_V3_INDEX, "imobility-tors-index-response")
IMOBILITY_TORS_V2_GET_ROOT: Final = qname(IMOBILITY_TORS_V2_GET, "imobility-tors-get-response")
IMOBILITY_TOR_CNR_V2_ROOT: Final = qname(IMOBILITY_TOR_CNR_V2, "imobility-tor-cnr-response")
IMOBILITY_TOR_STATS_V1_ROOT: Final = qname(IMOBILITY_TOR_STATS_V1, "imobility-tor-stats-response")
ECHO_V2_ROOT: Final = qname(ECHO_V2, "response")
CATALOGUE_ROOT: Final = qname(CATALOGUE, "catalogue")
ERROR_ROOT: Final = qname(COMMON, "error-response")

# --- formats of stored documents (`DocumentRef.format`) -----------------------------------------------
FORMAT_IIAS_V7: Final = "ewp.iias.v7"
FORMAT_IIAS_V6: Final = "ewp.iias.v6"
FORMAT_OMOBILITY_LAS_V1: Final = "ewp.omobility-las.v1"
FORMAT_OMOBILITIES_V3: Final = "ewp.omobilities.v3"
FORMAT_OMOBILITIES_V2: Final = "ewp.omobilities.v2"
FORMAT_IMOBILITIES_V2: Final = "ewp.imobilities.v2"
FORMAT_IMOBILITIES_V1: Final = "ewp.imobilities.v1"
FORMAT_IMOBILITY_TORS_V3: Final = "ewp.imobility-tors.v3"
FORMAT_IMOBILITY_TORS_V2: Final = "ewp.imobility-tors.v2"
