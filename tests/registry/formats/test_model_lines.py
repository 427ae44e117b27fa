import json

import pytest

from registry.formats import model_lines
from registry.formats.model_lines import read

HEAD = "slug,name,purpose,team,owner,tier,task,implementation"
ROW = "late,Late,Warns.,flights,dana@example.org,2,binary,onnx"


def flaws(content: bytes | str) -> list[tuple[int, str, str]]:
    found = read(content if isinstance(content, bytes) else content.encode()).flaws
    return [(flaw.line, flaw.column, flaw.words) for flaw in found]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\n{ROW}\n",
        f"\ufeff{HEAD}\r\n{ROW}\r\n",
        f"{HEAD}\n{ROW}".replace(",", ";"),
        f"{HEAD}\n{ROW}".replace(",", "\t"),
        f"\n{HEAD.upper().replace('SLUG', ' Slug ')}\n,,,\n\n{ROW},,\n",
    ],
)
def test_tables_of_every_spreadsheet_are_read(text: str) -> None:
    table = read(text.encode())
    assert table.flaws == []
    assert [line.cells["slug"] for line in table.lines] == ["late"]


def test_lines_are_numbered_as_an_editor_numbers_them() -> None:
    quoted = ROW.replace("Warns.", '"Warns,\n""twice"".\r\n"')
    table = read(f"{HEAD}\n{quoted}\n\n{ROW}\n".encode())
    assert [line.number for line in table.lines] == [2, 6]
    assert table.lines[0].cells["purpose"] == 'Warns,\n"twice".\r\n'


def test_what_was_made_harmless_is_read_as_it_was() -> None:
    table = read(f"{HEAD}\n{ROW.replace('Warns.', chr(39) + '=1+1')}\n".encode())
    assert table.lines[0].cells["purpose"] == "=1+1"


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"", (1, ""), "empty"),
        (f"{HEAD}\n,,,\n", (1, ""), "empty"),
        (b"PK\x03\x04 and more", (1, ""), "workbook"),
        (f"{HEAD}\n{ROW}".encode("utf-16"), (1, ""), "UTF-16"),
        (f"{HEAD}\n{ROW}\n{ROW.replace('Late', 'Größe')}".encode("latin-1"), (3, ""), "not in UTF-8"),
        (f"{HEAD}\n{ROW}\0".encode(), (2, ""), "NUL"),
        (f"{HEAD},colour\n{ROW},red\n", (1, "colour"), "no such column"),
        (f"{HEAD},slug\n{ROW},late\n", (1, "slug"), "more than once"),
        (f"{HEAD.replace(',team', '')}\n", (1, "team"), "missing"),
        (f"{HEAD}\n{ROW},left,over\n", (2, ""), "has 10 cells, the head has 8"),
        (f"{HEAD}\nlate,Late\n", (2, ""), "has 2 cells"),
        (f'{HEAD}\n{ROW}\n"late,Late\n', (3, ""), "double quotes"),
        (f'{HEAD}\n"late" x,Late\n', (2, ""), "double quotes"),
        ('{"slug": "late"', (1, ""), "no JSON object"),
        ('{"slug": "late"}\n[1]\n', (2, ""), "no JSON object"),
        ('{"a": ' + "[" * 100_000, (1, ""), "no JSON object"),
        ('{"colour": "red"}\n', (1, "colour"), "no such field"),
        ('{"slug": ["late"]}\n', (1, "slug"), "text, a whole number or null"),
        ('{"tier": true}\n', (1, "tier"), "text, a whole number or null"),
        ('{"declared": "yes"}\n', (1, "declared"), "no such field"),
    ],
)
def test_what_can_not_be_read_is_said_with_its_line(content: bytes | str, place: tuple[int, str], words: str) -> None:
    found = flaws(content)
    assert [one[:2] for one in found][:1] == [place]
    assert words in found[0][2]


def test_one_line_of_json_is_one_model() -> None:
    said = {"slug": "late", "tier": 2, "backup": None, "tier_standing": "not_assessed"}
    table = read(f"{json.dumps(said)}\r\n\n{json.dumps(said)}".encode())
    assert table.flaws == []
    assert [line.number for line in table.lines] == [1, 3]
    assert table.lines[0].cells == {"slug": "late", "tier": "2", "backup": "", "tier_standing": "not_assessed"}


def test_what_the_api_lists_as_declared_is_read() -> None:
    declared = [
        {"environment": "production", "in_use_since": "2021-03-01", "deadline": "2027-01-01", "description": "v4"},
        {"environment": "staging", "in_use_since": "2022-03-01", "deadline": "2027-02-01", "description": "v5"},
    ]
    cells = read(json.dumps({"slug": "late", "declared": declared}).encode()).lines[0].cells
    assert cells == {
        "slug": "late", "in_use_since": "2021-03-01", "deadline": "2027-01-01", "in_use_as": "v4",
        "staging_in_use_since": "2022-03-01", "staging_deadline": "2027-02-01", "staging_in_use_as": "v5",
    }  # fmt: skip


@pytest.mark.parametrize("lines", [f"{HEAD}\n" + f"{ROW}\n" * 5, '{"slug": "late"}\n' * 5])
def test_more_models_than_a_file_has_are_not_read(monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    monkeypatch.setattr(model_lines, "MOST_LINES", 3)
    table = read(lines.encode())
    assert len(table.lines) == 3
    assert [flaw.words[:21] for flaw in table.flaws] == ["A file has 3 models a"]


@pytest.mark.parametrize(
    "content",
    [
        "a" + "," * 1_000_000,
        f"{HEAD}\n" + "a\n" * 500_000,
        "{}\n" + "[]\n" * 400_000,
        json.dumps(dict.fromkeys(map(str, range(90_000)))),
    ],
)
def test_files_that_are_all_wrong_are_not_read_to_their_end(content: str) -> None:
    assert 0 < len(flaws(content)) <= model_lines.MOST_FLAWS + 1


def test_names_of_columns_that_no_answer_could_hold_are_told_as_far_as_they_can_be() -> None:
    [(_, column, _)] = flaws('{"\\ud800' + "x" * 99 + '": "1"}')
    assert column == "?" + "x" * 59


def test_tags_come_as_a_text_or_as_the_list_that_the_api_shows() -> None:
    lines = b'{"slug": "a", "tags": ["b", "c-d"]}\n{"slug": "a", "tags": "b, c-d"}\n{"slug": "a", "tags": []}\n'
    assert [line.cells["tags"] for line in read(lines).lines] == ["b, c-d", "b, c-d", ""]
    assert [flaw.column for flaw in read(b'{"slug": "a", "tags": [1]}').flaws] == ["tags"]


def test_links_and_contacts_come_as_texts_or_as_the_lists_that_the_api_shows() -> None:
    shown = {
        "slug": "a", "links": [{"title": "Run book", "url": "https://a.example"}],
        "contacts": [{"name": "Vera", "role": "", "address": "1"}, {"name": "Desk", "role": "", "address": ""}],
    }  # fmt: skip
    [line] = read(json.dumps(shown).encode()).lines
    assert (line.cells["links"], line.cells["contacts"]) == ("Run book https://a.example", "Vera; ; 1\nDesk")
    for wrong in ([{"title": "x"}], [{"title": "x", "url": 1}], ["x"]):
        assert [flaw.column for flaw in read(json.dumps({"slug": "a", "links": wrong}).encode()).flaws] == ["links"]
