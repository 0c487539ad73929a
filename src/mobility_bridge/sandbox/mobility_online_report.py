"""Reports as Mobility-Online exports them: root AUSWERTUNG, one row for each record, columns in capitals.

Source: Mobility-Online: data model (form seen, for applications; the report over agreements is assumed).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from lxml import etree

from mobility_bridge.sandbox.mobility_online_applications import GLOBAL_ID, LEVELS, PROGRAMMES
from mobility_bridge.sandbox.mobility_online_records import CUSTOM_FIELDS
from mobility_bridge.sandbox.mobility_online_soap import text_of
from mobility_bridge.sandbox.mobility_online_students import OUT, PIPELINES, MoApplication
from mobility_bridge.sandbox.world import MoAgreement

_SEVERAL: Final = ";"


def application_report(rows: Iterable[Mapping[str, str]], term: str | None) -> bytes:
    """The applications of one term, by its whole text; of all terms when there is none."""
    return _report(
        row
        for row in rows
        if term is None or term in (row.get("SEM_ID"), f"{row.get('SEM_ID')} {row.get('STUDJ_ID')}")
    )


def application_rows(students: Iterable[MoApplication]) -> Iterator[dict[str, str]]:
    """Applications as rows. Look-ups are texts; term and academic year stand in two columns, as exports have it."""
    for each in students:
        outgoing = each.application_type == OUT
        season, _, _ = each.semester.rpartition(" ")
        yield {
            "BEW_ID": str(each.application_id),
            "KZ_BEW_ART": each.application_type,
            "KZ_BEW_PERS": "S",
            "AUST_PROG_ID": PROGRAMMES.get(each.programme, ("", each.programme))[1],
            "STUDJ_ID": each.academic_year,
            "SEM_ID": season,
            "BEW_NACHNAME": each.last_name,
            "BEW_NACHNAME_2": each.second_last_name or "",
            "BEW_VORNAME": each.first_name,
            "BEW_GESCHLECHT": each.gender,
            "BEW_GEB_DATUM": _dotted(each.birth_date),
            "P_SOZIAL_VER_NR": each.civic_number or "",
            "BEW_EMAIL": each.email,
            "BEW_MATR_NR": each.student_number or "",
            "SPR_ID": "English",
            "LCD_ID_NAT": each.nationality,
            "LCD_ID_HEIM": "Sweden" if outgoing else each.partner.country,
            "INST_ID_HEIM": "Nordhav University" if outgoing else each.partner.name,
            "INST_ID_GAST": each.partner.name if outgoing else "Nordhav University",
            "INST_NAME_FULL": f"{each.partner.code} - {each.partner.name}" if outgoing else "",
            "BEW_DAT_VON": _dotted(each.starts_on),
            # Both forms of dates occur in exports.
            "BEW_DAT_BIS": each.ends_on.isoformat(),
            "BEW_MONATE": str(max(1, (each.ends_on - each.starts_on).days // 30)),
            "STUDR_ID": f"Field {each.study_field}",
            "STUD_NIVEAU_ID": LEVELS.get(each.level, ("", each.level))[1],
            "BEW_STATUS_ID": _status(each),
            "IS_STORNIERT": _yes(each.cancelled),
            "IS_PRAKTIKUM": _yes(each.traineeship),
            "KZ_SPRACHKURS": "N",
            "IS_VERLAENGERUNG_VORH": _yes(each.extended),
            **{name.upper(): _yes(name in each.done) for name, _ in PIPELINES[each.application_type]},
            GLOBAL_ID.upper(): each.global_id or "",
            "ERFDAT": _dotted(each.created_on),
            "MODDAT": _dotted(each.modified_on),
        }


def agreement_report(agreements: Iterable[MoAgreement], academic_year: str | None) -> bytes:
    """The agreements of one academic year; all of them when there is none."""
    return _report(
        _row(each) for each in agreements if academic_year is None or academic_year in each.academic_years
    )


def _report(rows: Iterable[Mapping[str, str]]) -> bytes:
    root = etree.Element("AUSWERTUNG")
    for row in rows:
        node = etree.SubElement(root, "row")
        for column, text in row.items():
            etree.SubElement(node, column).text = text or None
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _row(agreement: MoAgreement) -> dict[str, str]:
    institution = agreement.institution
    custom = {CUSTOM_FIELDS[fact][0]: value for fact, value in agreement.custom_fields}
    return {
        "VERTR_ID": str(agreement.agreement_id),
        "VERTR_NR": agreement.agreement_number,
        "VERTR_BEZ": agreement.agreement_name,
        "KZ_BEW_ART": agreement.application_type,
        "KZ_BEW_PERS": agreement.person_type,
        "INST_ID_PARTNER": str(institution.institution_id),
        "INST_CODE": institution.institution_code,
        "INST_HEI_ID": institution.hei_id or "",
        "INST_NAME_FULL": institution.name,
        "LCD_ID_PARTNER": institution.country,
        "AUST_PROG_NR": agreement.exchange_program.number,
        "AUST_PROG_ID": agreement.exchange_program.description,
        "STUDJ_ID": "\n".join(agreement.academic_years),
        "VERTR_DAT_VON": _dotted(agreement.valid_from),
        # Both forms of dates occur in exports.
        "VERTR_DAT_BIS": agreement.valid_to.isoformat(),
        "ISCED_CODE": _SEVERAL.join(each.number for each in agreement.study_fields),
        "STUD_NIVEAU_ID": _SEVERAL.join(agreement.study_levels),
        "ANZ_PLAETZE": str(agreement.total_number),
        "ANZ_FREI": str(agreement.free_places),
        "ANZ_MONATE": _comma(agreement.total_months),
        "SPR_ID": _SEVERAL.join(
            f"{e.number}:{e.level}" if e.level else e.number for e in agreement.languages
        ),
        "VERTR_KOORD": agreement.coordinator,
        "VERTR_KOMMENTAR": agreement.comment or "",
        "INST_INFO": agreement.partner_information or "",
        "VERTR_STATUS_ID": agreement.status,
        "IS_EWP": _yes(agreement.ewp is not None),
        **_network(agreement),
        "ERFDAT": text_of(agreement.created_on),
        "MODDAT": text_of(agreement.modified_on),
        **{name.upper(): _cell(name, custom.get(name)) for name, _ in CUSTOM_FIELDS.values()},
    }


def _network(agreement: MoAgreement) -> dict[str, str]:
    ewp = agreement.ewp
    return {
        "IIA_ID": ewp.iia_id if ewp else "",
        "IIA_CODE": ewp.iia_code if ewp else "",
        "IIA_ID_PARTNER": (ewp.partner_iia_id or "") if ewp else "",
        "IIA_HASH": ewp.iia_hash if ewp else "",
        "IS_IIA_GENEHMIGT": _yes(ewp.own_approval) if ewp else "",
        "IS_IIA_GENEHMIGT_PARTNER": _yes(ewp.partner_approval) if ewp else "",
        "IIA_DAT_GEMELDET": text_of(ewp.last_notified) if ewp and ewp.last_notified else "",
    }


def _cell(name: str, value: str | None) -> str:
    if value is None:
        return ""
    return _yes(value == "true") if name.startswith("bit_") else value


def _yes(value: bool) -> str:  # noqa: FBT001 - the flag is the whole matter
    return "J" if value else "N"


def _dotted(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def _comma(number: Decimal | None) -> str:
    return "" if number is None else f"{number:.2f}".replace(".", ",")


def _status(application: MoApplication) -> str:
    """The text of the last step done."""
    done = [label for name, label in PIPELINES[application.application_type] if name in application.done]
    return done[-1] if done else ""
