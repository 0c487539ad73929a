"""Who plays: our university, six partners with their habits, and three that show trouble of their own.

All of them are invented.
"""

from dataclasses import dataclass

from mobility_bridge.sandbox.world import OWN_HEI_ID

STUDENT_APIS = (
    "omobilities",
    "omobility-cnr",
    "imobilities",
    "imobility-cnr",
    "imobility-tors",
    "imobility-tor-cnr",
    "omobility-las",
    "omobility-la-cnr",
)
"""Everything about students that a host may offer."""


@dataclass(frozen=True, slots=True)
class Hei:
    """A university and the habits of its EWP host.

    `since_honoured`: the index filters by `modified_since`. `date_header`: which of `date` and
    `original-date` its answers sign. `signs_target`: answers also cover `(request-target)`, as the official
    signer's do. `southern`: its academic years are calendar years. `apis` are the API entries of its host;
    `major_version` is that of its agreement APIs. `student_apis` are the
    entries of the APIs about students.
    """

    hei_id: str
    names: tuple[tuple[str, str], ...]
    country: str
    institution_code: str
    pic: str
    provider: str
    institution_id: int
    max_iia_ids: int = 5
    max_approval_ids: int = 5
    since_honoured: bool = True
    date_header: str = "date"
    signs_target: bool = False
    southern: bool = False
    major_version: int = 7
    apis: tuple[str, ...] = ("echo", "iias", "iia-cnr", "iias-approval", "iia-approval-cnr")
    student_apis: tuple[str, ...] = STUDENT_APIS
    max_omobility_ids: int = 5

    @property
    def name(self) -> str:
        return self.names[0][1]


NORDHAV = Hei(
    hei_id=OWN_HEI_ID,
    names=(("en", "Nordhav University"), ("sv", "Nordhavs universitet")),
    country="Sweden",
    institution_code="S  NORDHAV01",
    pic="900000100",
    provider="Nordhav University (Mobility-Online)",
    institution_id=1,
    max_iia_ids=3,
    max_approval_ids=3,
    student_apis=(),
)

PARTNERS = (
    Hei(
        hei_id="alderton.example",
        names=(("en", "University of Alderton"),),
        country="Ireland",
        institution_code="IRLALDERT01",
        pic="900000101",
        provider="University of Alderton (OakSIS)",
        institution_id=1101,
        signs_target=True,
    ),
    Hei(
        hei_id="brava.example",
        names=(("es", "Universidad de Brava"), ("en", "University of Brava")),
        country="Uruguay",
        institution_code="UY-001-2001",
        pic="900000102",
        provider="Universidad de Brava (in-house)",
        institution_id=1102,
        max_iia_ids=10,
        max_approval_ids=10,
        max_omobility_ids=10,
        signs_target=True,
        southern=True,
    ),
    Hei(
        hei_id="cedrona.example",
        names=(("it", "Università di Cedrona"), ("en", "University of Cedrona")),
        country="Italy",
        institution_code="I  CEDRONA01",
        pic="900000103",
        provider="Cedar Cloud (CedarExchange)",
        institution_id=1103,
        max_iia_ids=3,
        max_approval_ids=1,
        date_header="original-date",
    ),
    Hei(
        hei_id="dunmore.example",
        names=(("nl", "Hogeschool Dunmore"), ("en", "Dunmore University of Applied Sciences")),
        country="Netherlands",
        institution_code="NL DUNMORE01",
        pic="900000104",
        provider="Hogeschool Dunmore (Dunes 3)",
        institution_id=1104,
        max_iia_ids=1,
        max_approval_ids=1,
        max_omobility_ids=1,
        since_honoured=False,
    ),
    Hei(
        hei_id="eskil.example",
        names=(("fi", "Eskilin ammattikorkeakoulu"), ("en", "Eskil University of Applied Sciences")),
        country="Finland",
        institution_code="SF ESKIL01",
        pic="900000105",
        provider="Cedar Cloud (CedarExchange)",
        institution_id=1105,
    ),
    Hei(
        hei_id="fjordal.example",
        names=(("nb", "Universitetet i Fjordal"), ("en", "University of Fjordal")),
        country="Norway",
        institution_code="N  FJORDAL01",
        pic="900000106",
        provider="Universitetet i Fjordal (FjordSys)",
        institution_id=1106,
        max_iia_ids=10,
    ),
)

GAMMAL = Hei(
    hei_id="gammal.example",
    names=(("en", "Gammal College"),),
    country="Denmark",
    institution_code="DK GAMMAL01",
    pic="900000107",
    provider="Gammal College (Ekko 6)",
    institution_id=1107,
    major_version=6,
    student_apis=(),
)
"""Offers agreements in version 6 only."""

TALLBY = Hei(
    hei_id="tallby.example",
    names=(("en", "Tallby School of Music"),),
    country="Estonia",
    institution_code="EE TALLBY01",
    pic="900000108",
    provider="Tallby School of Music (Pine)",
    institution_id=1108,
    apis=("echo", "iias", "iias-approval"),
    student_apis=(),
)
"""Cannot be notified of anything."""

HOLLIN = Hei(
    hei_id="hollin.example",
    names=(("en", "Hollin Institute"),),
    country="Latvia",
    institution_code="LV HOLLIN01",
    pic="900000109",
    provider="",
    institution_id=1109,
)
"""Has left the network: the catalogue does not list it."""

EVERYBODY = {hei.hei_id: hei for hei in (NORDHAV, *PARTNERS, GAMMAL, TALLBY, HOLLIN)}
LISTED = tuple(hei for hei in (*PARTNERS, GAMMAL, TALLBY))
"""Those with a host of their own in the catalogue."""
