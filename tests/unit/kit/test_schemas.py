"""What the schemas say of the samples, how they say it, and that nothing makes them throw."""

import copy
import shutil
import threading
import time
from pathlib import Path

import pytest
from lxml import etree
from tests.support.fixtures import REPOSITORY, is_meant_to_be_valid, sample, samples

from mobility_bridge.kit import xml
from mobility_bridge.kit.schemas import (
    KINDS,
    MAX_PROBLEMS,
    DocumentKind,
    SchemaSet,
    default_root,
    describe_root,
)
from mobility_bridge.kit.xml import Element

SITE = "https://github.com/erasmus-without-paper"
GET = f"{SITE}/ewp-specs-api-iias/blob/stable-v7/endpoints/get-response.xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


@pytest.fixture(scope="module")
def schemas() -> SchemaSet:
    return SchemaSet()


def tree_of(document: bytes | str) -> Element:
    data = sample(document) if isinstance(document, str) else document
    return xml.parse(data, limit=10_000_000)


READ_ONLY = ("imobilities/v1",)
"""Older majors that are read without a schema of ours."""


def documents() -> list[Path]:
    return [
        path
        for path in samples()
        if not path.parent.parent.name.startswith(("types-", "security"))
        and f"{path.parents[1].name}/{path.parent.name}" not in READ_ONLY
    ]


@pytest.mark.parametrize("path", documents(), ids=lambda path: f"{path.parents[1].name}-{path.stem}")
def test_every_sample_is_what_its_name_says(path: Path, schemas: SchemaSet) -> None:
    assert (schemas.validate(tree_of(path.read_bytes())) == ()) == is_meant_to_be_valid(path)


@pytest.mark.parametrize(
    "path",
    [path for path in documents() if not is_meant_to_be_valid(path)],
    ids=lambda path: f"{path.parents[1].name}-{path.stem}",
)
def test_every_invalid_sample_is_explained_with_line_and_path(path: Path, schemas: SchemaSet) -> None:
    for problem in (*schemas.explain(path.read_bytes()), *schemas.validate(tree_of(path.read_bytes()))):
        assert problem.line
        assert problem.path
        assert problem.path.startswith("/")
        assert problem.message


@pytest.mark.parametrize(
    "path",
    sorted((REPOSITORY / "schemas" / "ewp").rglob("*.xsd")),
    ids=lambda path: f"{path.parents[1].name}-{path.stem}",
)
def test_every_schema_compiles_and_names_what_it_states(path: Path, schemas: SchemaSet) -> None:
    namespace = etree.parse(str(path)).getroot().get("targetNamespace")
    assert namespace is not None

    schemas._compile(namespace)

    assert "<!-- States: " in path.read_text(encoding="utf-8")


# --- which document it is -----------------------------------------------------------------------------


def test_a_root_says_which_document_it_is() -> None:
    assert describe_root(f"{{{GET}}}iias-get-response") == DocumentKind("iias", "7.0.0", "get")
    assert describe_root(f"{{{SITE}}}catalogue") is None


def test_older_majors_are_described_but_not_judged(schemas: SchemaSet) -> None:
    old = tree_of("ewp/iias/v6/hash-vectors/m01-approved-in-v6.xml")

    assert describe_root(old.tag) == DocumentKind("iias", "6.3.0", "get")
    assert not schemas.is_known_root(old.tag)
    assert "no schema" in schemas.validate(old)[0].message


def test_a_global_element_that_is_no_document_is_not_accepted_as_root(schemas: SchemaSet) -> None:
    skill = tree_of(
        f'<recommended-language-skill xmlns="{GET}"><language>en</language></recommended-language-skill>'.encode()
    )

    (problem,) = schemas.validate(skill)

    assert "no schema for root element" in problem.message


def test_a_valid_document_of_another_kind_is_not_what_was_expected(schemas: SchemaSet) -> None:
    tree = tree_of("ewp/iias/v7/index-nothing.xml")

    (problem,) = schemas.validate(tree, f"{{{GET}}}iias-get-response")

    assert problem.path == "/iias-index-response"
    assert GET in problem.message


# --- how problems are told -----------------------------------------------------------------------------


def test_a_problem_names_the_element_among_its_namesakes(schemas: SchemaSet) -> None:
    # given
    tree = tree_of("ewp/iias/v7/two-agreements.xml")
    second = tree[1]
    second.remove(next(second.iterchildren(f"{{{GET}}}iia-hash")))
    next(second.iter(f"{{{GET}}}iia-id")).text = "two words"

    # when
    problems = schemas.validate(tree)

    # then
    assert [problem.path for problem in problems] == [
        "/iias-get-response/iia[2]/partner[1]/iia-id",
        "/iias-get-response/iia[2]",
    ]
    assert "two words" in problems[0].message
    assert f"{{{GET}}}" not in problems[0].message


def test_prefixes_chosen_by_the_partner_do_not_hide_the_path(schemas: SchemaSet) -> None:
    document = (
        f'<x:iias-get-response xmlns:x="{GET}"><x:iia><x:partner><y:hei-id xmlns:y="{GET}"/><x:iia-id>a b</x:iia-id>'
        '<c:contact xmlns:c="urn:a"/></x:partner></x:iia></x:iias-get-response>'
    ).encode()

    paths = [problem.path for problem in schemas.validate(tree_of(document))]

    assert paths[:2] == ["/iias-get-response/iia/partner/iia-id", "/iias-get-response/iia/partner/contact"]


def test_a_document_that_is_wrong_everywhere_is_told_in_so_many_lines(schemas: SchemaSet) -> None:
    index = f"{SITE}/ewp-specs-api-iias/blob/stable-v7/endpoints/index-response.xsd"
    document = f'<iias-index-response xmlns="{index}">{"<iia-id/>" * 500}</iias-index-response>'.encode()

    assert len(schemas.validate(tree_of(document))) == MAX_PROBLEMS
    assert len(schemas.explain(document)) == MAX_PROBLEMS


def test_the_explanation_says_what_was_expected(schemas: SchemaSet) -> None:
    (problem,) = schemas.explain(sample("ewp/iias/v7/invalid-one-partner.xml"))

    assert problem.path == "/iias-get-response/iia/in-effect"
    assert "partner" in problem.message


def test_the_explanation_of_a_valid_document_is_empty_even_where_the_second_voice_errs(
    schemas: SchemaSet,
) -> None:
    document = sample("ewp/iias/v7/mutually-approved.xml").replace(b">2<", b">2<!-- two --><")

    assert schemas.explain(document) == ()


def test_what_the_second_voice_accepts_is_explained_by_the_first(schemas: SchemaSet) -> None:
    # xmlschema takes other scripts' digits for a number; the verdict is libxml2's.
    (problem,) = schemas.explain(sample("ewp/iias/v7/invalid-arabic-digits-in-count.xml"))

    assert problem.path is not None
    assert problem.path.endswith("/mobilities-per-year")


def test_bytes_that_are_no_xml_are_explained_as_one_problem(schemas: SchemaSet) -> None:
    (problem,) = schemas.explain(b"<a>\n<b>\n</a>")

    assert problem.line == 3
    assert problem.path is None


# --- dates ---------------------------------------------------------------------------------------------

PADDED = "ewp/iias/v7/signing-date-padded.xml"


def test_white_space_around_a_date_is_legal(schemas: SchemaSet) -> None:
    tree = tree_of(PADDED)
    before = etree.tostring(tree)

    assert schemas.validate(tree) == ()
    assert etree.tostring(tree) == before


def test_white_space_around_an_impossible_date_does_not_save_it(schemas: SchemaSet) -> None:
    tree = tree_of(sample(PADDED).replace(b"2026-03-02", b"2026-02-30"))

    (problem,) = schemas.validate(tree)

    assert problem.path == "/iias-get-response/iia/partner[1]/signing-date"


def test_other_spaces_around_a_date_are_not_white_space(schemas: SchemaSet) -> None:
    tree = tree_of(sample(PADDED).replace(b"2026-03-02", "\u00a02026-03-02".encode()))

    assert len(schemas.validate(tree)) == 1


def test_a_padded_date_is_not_blamed_for_another_fault(schemas: SchemaSet) -> None:
    tree = tree_of(sample(PADDED).replace(b"<in-effect>true", b"<in-effect>maybe"))

    (problem,) = schemas.validate(tree)

    assert problem.path == "/iias-get-response/iia/in-effect"


# --- parts of documents --------------------------------------------------------------------------------


def entries() -> list[Element]:
    catalogue = tree_of("ewp/registry/v1/catalogue-three-hosts.xml")
    return [
        entry
        for entry in catalogue.iter("{*}iias", "{*}iias-approval", "{*}echo")
        if "stable-v6" not in entry.tag
    ]


def test_an_entry_is_judged_where_it_stands_in_the_catalogue(schemas: SchemaSet) -> None:
    verdicts = [schemas.validate(entry) for entry in entries()]

    assert [verdict == () for verdict in verdicts] == [True, True, True, True, True, False]
    assert [problem.path for problem in verdicts[-1]] == ["/iias", "/iias"]
    assert len(entries()) == 6


# --- tricks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trick",
    [
        f'xmlns:i="{XSI}" i:type="unknown"',
        f'xmlns:i="{XSI}" i:type="nobody:declared-this"',
        f'xmlns:i="{XSI}" xmlns:q="urn:q" i:type="q:x"',
        f'xmlns:i="{XSI}" i:type=""',
        f'xmlns:i="{XSI}" i:type="a:b:c"',
        f'xmlns:i="{XSI}" i:nil="true"',
        f'xmlns:i="{XSI}" i:nil="perhaps"',
        f'xmlns:i="{XSI}" i:unknown="x"',
        'xml:id="same"',
    ],
)
def test_a_trick_is_a_problem_and_never_an_exception(trick: str, schemas: SchemaSet) -> None:
    document = sample("ewp/iias/v7/mutually-approved.xml").replace(
        b"<in-effect", f"<in-effect {trick}".encode()
    )

    assert schemas.validate(tree_of(document))
    assert schemas.explain(document)


def test_a_location_named_by_the_document_is_never_read(schemas: SchemaSet, tmp_path: Path) -> None:
    # given
    strict = tmp_path / "strict.xsd"
    strict.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:own"><xs:element name="own" type="xs:int"/></xs:schema>'
    )
    document = sample("ewp/registry/v1/catalogue-three-hosts.xml").replace(
        b"<own-api xmlns",
        f'<own xmlns="urn:own" xmlns:i="{XSI}" i:schemaLocation="urn:own {strict.as_uri()}">no number</own><own-api xmlns'.encode(),
    )

    # then
    assert schemas.validate(tree_of(document)) == ()
    assert schemas.explain(document) == ()


# --- where schemas come from ---------------------------------------------------------------------------


def test_a_checkout_uses_its_own_schemas() -> None:
    assert default_root() == REPOSITORY / "schemas"


def test_another_folder_may_be_given_whatever_its_layout(tmp_path: Path) -> None:
    # given
    for number, path in enumerate(sorted((REPOSITORY / "schemas" / "ewp").rglob("*.xsd"))):
        shutil.copy(path, tmp_path / f"{number}.xsd")

    # then
    flat = SchemaSet(tmp_path)
    assert flat.validate(tree_of("ewp/iias/v7/with-contacts-and-units.xml")) == ()
    assert len(flat.explain(sample("ewp/iias/v7/invalid-one-partner.xml"))) == 1


def test_an_empty_folder_knows_no_root(tmp_path: Path) -> None:
    assert not any(SchemaSet(tmp_path).is_known_root(root) for root in KINDS)


# --- threads ------------------------------------------------------------------------------------------


def test_threads_do_not_hear_each_other() -> None:
    # given
    shared = SchemaSet()
    names = ["mutually-approved", "invalid-one-partner", "invalid-eqf-nine", "invalid-isced-three-digits"]
    trees = [tree_of(f"ewp/iias/v7/{name}.xml") for name in names]
    alone = [SchemaSet().validate(tree) for tree in trees]
    wrong: list[str] = []

    def work(number: int) -> None:
        tree = copy.deepcopy(trees[number])
        differs = (shared.validate(tree) != alone[number] for _ in range(200))
        wrong.extend(names[number] for each in differs if each)

    # when
    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(names))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # then
    assert wrong == []
    assert [bool(each) for each in alone] == [False, True, True, True]


class Watched(SchemaSet):
    """Counts how many threads compile at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.at_it = self.most = 0

    def _compile(self, namespace: str) -> etree.XMLSchema:
        self.at_it += 1
        self.most = max(self.most, self.at_it)
        time.sleep(0.02)
        try:
            return super()._compile(namespace)
        finally:
            self.at_it -= 1


def test_one_thread_compiles_at_a_time() -> None:
    # given: two at once take each other's loader away, once in ten thousand times
    watched = Watched()
    tree = tree_of("ewp/iias/v7/mutually-approved.xml")
    found: list[object] = []

    # when
    threads = [
        threading.Thread(target=lambda: found.append(watched.validate(copy.deepcopy(tree)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # then
    assert found == [()] * 4
    assert watched.most == 1


@pytest.mark.parametrize("broken", ["given-names", "email", "birth-date", "global-id", "gender"])
def test_what_is_said_of_a_document_on_students_quotes_no_value_of_it(
    broken: str, schemas: SchemaSet
) -> None:
    path = next(
        path
        for path in samples()
        if is_meant_to_be_valid(path) and b"<omobility-las-get-response" in path.read_bytes()
    )
    tree = tree_of(path.read_bytes())
    node = next(each for each in tree.iter() if etree.QName(each).localname == broken)
    secret = "Alma <Ek> O'Hara 20030214"
    node.text = secret
    node.set("strange", "Alma")
    data = etree.tostring(tree)

    problems = [*schemas.validate(tree_of(data)), *schemas.explain(data)]

    assert problems
    for problem in problems:
        assert "Alma" not in problem.message, problem
        assert "20030214" not in problem.message
        assert problem.path is not None
        assert broken in problem.path
