"""PatentsView's tables complete each other by patent number, in whatever order they come."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ktop.domain.patent.document import LiteratureCitation, Patent
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths

from .reading import patents, rejects

TABLES = {
    "g_patent": """patent_id patent_type patent_date patent_title wipo_kind num_claims withdrawn filename
10000000 utility 2018-06-19 Coherent_LADAR B2 20 0 x.xml
3930271 utility 1976-01-06 Golf_glove A 4 0 y.xml
D987654 design 2023-06-01 Chair S1 1 0 z.xml
9000000 utility 2015-04-07 Washer B2 7 1 w.xml""",
    "g_patent_abstract": """patent_id patent_abstract
10000000 A_frequency_modulated_(coherent)_laser.
3930271 "A_golf_glove_""with""_pockets." """,
    "g_application": """application_id patent_id patent_application_type filing_date series_code rule_47_flag
14/643719 10000000 14 2015-03-10 14 0
05497504 3930271 05 1974-08-14 05 0
29/123456 D987654 29 2022-02-30 29 0""",
    "g_cpc_current": """patent_id cpc_sequence cpc_section cpc_class cpc_subclass cpc_group cpc_type
10000000 1 G G01 G01S G01S17/89 inventional
3930271 0 A A63 A63B A63B71/146 inventional
10000000 0 G G01 G01S G01S7/4914 inventional""",
    "g_ipc_at_issue": """patent_id ipc_sequence classification_level section ipc_class subclass main_group subgroup
10000000 0 A G 01 S 7 491
3930271 0 A A 41 D 19 0""",
    "g_assignee_disambiguated": """patent_id assignee_sequence assignee_id """
    """disambig_assignee_individual_name_first disambig_assignee_individual_name_last disambig_assignee_organization """
    """assignee_type location_id
10000000 0 a1 "" "" Raytheon_Company 2 l1
3930271 0 a2 Ada Golfer "" 4 l2""",
    "g_inventor_disambiguated": """patent_id inventor_sequence inventor_id """
    """disambig_inventor_name_first disambig_inventor_name_last gender_code location_id
10000000 0 i1 Joseph Marron M l1
3930271 1 i3 Jo Second F l2
3930271 0 i2 Ada Golfer F l2""",
    "g_us_patent_citation": """patent_id citation_sequence citation_patent_id """
    """citation_date record_name wipo_kind citation_category
10000000 0 3930271 1976-01-01 Golfer A cited_by_examiner
10000000 1 D987654 2023-01-01 Chairs S1 cited_by_applicant
10000000 2 ? 2023-01-01 Nobody S1 cited_by_other""",
    "g_foreign_citation": """patent_id citation_sequence citation_application_id """
    """citation_date citation_category citation_country
10000000 0 1202074 2002-05-01 cited_by_applicant EP""",
    "g_other_reference": """patent_id other_reference_sequence other_reference_text
10000000 1 Second,_2001.
10000000 0 First,_2000.""",
    "g_claims_1976": """patent_id claim_sequence claim_text dependent claim_number exemplary
3930271 0 1._A_glove. -1 1 1
3930271 1 2._The_glove_of_claim_1. 1 2 0""",
}  # fmt: skip


def write(folder: Path, names: list[str]) -> list[Path]:
    """Write tables as PatentsView does, tabs between columns, under names that say nothing; "_" stands for a blank."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{place}.tsv" for place in range(len(names))]
    for path, name in zip(paths, names, strict=True):
        header, *lines = TABLES[name].split("\n")
        rows = [line.strip().replace(" ", "\t").replace("_", " ") for line in lines]
        path.write_text("\n".join([header.replace(" ", "\t"), *rows]))
    return paths


def content(directory: Path) -> dict[str, Patent]:
    corpus = Corpus(directory)
    return corpus.get(corpus.patents().select("id").collect()["id"].to_list())


def check(directory: Path) -> None:
    found = content(directory)
    assert set(found) == {"US10000000B2", "US3930271A", "USD987654S1"}
    ladar, glove = found["US10000000B2"], found["US3930271A"]
    assert (ladar.title, ladar.claims_count, ladar.application) == ("Coherent LADAR", 20, "US14643719")
    assert (ladar.filing_date, ladar.grant_date) == (date(2015, 3, 10), date(2018, 6, 19))
    assert ladar.abstract == "A frequency modulated (coherent) laser."
    assert glove.abstract == 'A golf glove "with" pockets.'
    assert set(ladar.cpc) == {"G01S7/4914", "G01S17/89"}, "rows of one patent need not follow each other"
    assert (ladar.ipc, glove.ipc) == (("G01S7/491",), ("A41D19/00",))
    assert (ladar.applicants, glove.applicants) == (("Raytheon Company",), ("Ada Golfer",))
    assert glove.inventors == ("Ada Golfer", "Jo Second"), "by their sequence"
    assert ladar.cited_literature == (LiteratureCitation("First, 2000."), LiteratureCitation("Second, 2001."))
    assert glove.first_claim == "1. A glove."
    assert found["USD987654S1"].filing_date is None, "no such day"
    assert set(Corpus(directory).years) == {1974, 2015, 2023}, "by the filing that another table told"
    links = set(Corpus(directory).citations().select("citing", "cited", "category").collect().rows())
    assert links == {
        ("US10000000", "US3930271", "examiner"), ("US10000000", "USD987654", "applicant"),
        ("US10000000", "EP1202074", "applicant"),
    }  # fmt: skip


@pytest.mark.parametrize("order", [list(TABLES), list(reversed(TABLES))], ids=["patents first", "patents last"])
def test_tables_imported_together_complete_each_other(tmp_path: Path, order: list[str]) -> None:
    paths = write(tmp_path / "in", order)
    report = import_paths(tmp_path / "corpus", paths)
    check(tmp_path / "corpus")
    assert report.formats == {"patentsview": len(TABLES)}
    version = Corpus(tmp_path / "corpus").version
    again = import_paths(tmp_path / "corpus", paths)
    assert (again.new, again.updated, again.unchanged) == (0, 0, 3)
    assert Corpus(tmp_path / "corpus").version == version
    alone = import_paths(tmp_path / "corpus", [paths[order.index("g_patent")]])
    assert (alone.new, alone.updated) == (0, 0), "what other tables told stays"
    assert Corpus(tmp_path / "corpus").version == version


def test_tables_imported_one_by_one_give_the_same(tmp_path: Path) -> None:
    for path in write(tmp_path / "in", list(TABLES)):
        import_paths(tmp_path / "corpus", [path])
    check(tmp_path / "corpus")
    import_paths(tmp_path / "straight", write(tmp_path / "again", list(TABLES)))
    parts = [
        {number: (p.title, set(p.cpc), p.filing_date, p.applicants) for number, p in content(tmp_path / name).items()}
        for name in ("corpus", "straight")
    ]
    assert parts[0] == parts[1]


def test_a_table_without_its_patents_is_rejected_patent_by_patent(tmp_path: Path) -> None:
    import_paths(tmp_path / "corpus", write(tmp_path / "in", ["g_patent"]))
    (path,) = write(tmp_path / "more", ["g_inventor_disambiguated"])
    path.write_text(path.read_text() + "\n8888888\t0\ti9\tNo\tOne\tM\tl9\n?\t0\ti9\tNo\tOne\tM\tl9")
    report = import_paths(tmp_path / "corpus", [path])
    assert (report.completions, report.completions_unknown, report.updated) == (3, 1, 2)
    lines = [json.loads(line) for line in (tmp_path / "corpus" / "rejects.jsonl").read_text().splitlines()]
    (told,) = [line for line in lines if line["reason"] == "reject_unknown_patent"]
    assert (told["where"], "US8888888" in told["message"]["en"]) == ("line 5", True)
    assert rejects(path) == [("line 6", "patents.reject_number")]


def test_withdrawn_patents_are_rejected(tmp_path: Path) -> None:
    (path,) = write(tmp_path / "in", ["g_patent"])
    assert rejects(path) == [("line 5", "patent_sources.reject_withdrawn")]


OLD = {
    "patent": "id\ttype\tnumber\tcountry\tdate\tabstract\ttitle\tkind\tnum_claims\n"
    "7000001\tutility\t7000001\tUS\t2006-02-21\tA lamp.\tLamp\tB1\t12\n",
    "application": "id\tpatent_id\tseries_code\tnumber\tcountry\tdate\n10/1\t7000001\t10\t10123456\tUS\t2003-04-05\n",
    "uspatentcitation": "uuid\tpatent_id\tcitation_id\tdate\tname\tkind\tcountry\tcategory\tsequence\n"
    "u\t7000001\t6000001\t1999-12-07\tX\tA\tUS\tcited by other\t0\n",
    "ipcr": "uuid\tpatent_id\tsection\tipc_class\tsubclass\nu\t7000001\tF\t21\tV\n",
    "cpc_current": "uuid\tpatent_id\tsection_id\tsubsection_id\tgroup_id\tsubgroup_id\tcategory\tsequence\n"
    "u\t7000001\tF\tF21\tF21V\tF21V5/04\tinventional\t0\n",
    "rawassignee": "uuid\tpatent_id\tassignee_id\ttype\tname_first\tname_last\torganization\tsequence\n"
    "u\t7000001\ta\t2\t\t\tLamps Inc\t0\n",
    "rawinventor": "uuid\tpatent_id\tinventor_id\tname_first\tname_last\tsequence\nu\t7000001\ti\tAda\tLampe\t0\n",
}


def test_the_old_layout(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, text in OLD.items():
        (tmp_path / "in" / f"{name}.tsv").write_text(text)
    report = import_paths(tmp_path / "corpus", [tmp_path / "in"])
    assert (report.new, report.rejected) == (1, 0)
    (lamp,) = content(tmp_path / "corpus").values()
    assert (lamp.id, lamp.title, lamp.abstract, lamp.claims_count) == ("US7000001B1", "Lamp", "A lamp.", 12)
    assert (lamp.filing_date, lamp.ipc, lamp.cpc) == (date(2003, 4, 5), ("F21V",), ("F21V5/04",))
    assert (lamp.applicants, lamp.inventors) == (("Lamps Inc",), ("Ada Lampe",))
    assert Corpus(tmp_path / "corpus").citations().collect().rows() == [("US7000001", "US6000001", "other")]


def test_the_table_of_a_made_up_set_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("patent_id,title\nUS7000001B1,Lamp\n")
    assert patents(tmp_path)["US7000001B1"].source == "table"
