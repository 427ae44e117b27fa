from governance.rules.duties import DEEDS, Account, Part, because, exclusions


def test_everybody_who_took_part_is_excluded_with_every_reason() -> None:
    parts = [
        Part(1, DEEDS["submitter"]),
        Part(1, DEEDS["card_author"]),
        Part(2, DEEDS["opener"]),
        Part(1, DEEDS["submitter"]),
    ]
    found = exclusions(parts, {1: Account(1, "Ann"), 2: Account(2, "Bo")})
    assert found == {1: ("handed in the version", "wrote the card"), 2: ("opened the approval request",)}


def test_what_a_service_account_did_counts_for_its_owner_too() -> None:
    found = exclusions([Part(7, DEEDS["submitter"])], {7: Account(7, "CI", owner_id=3)})
    assert found == {
        7: ("handed in the version",),
        3: ("own the service account CI (which took part: handed in the version)",),
    }


def test_reasons_are_one_clause() -> None:
    assert because(["a"]) == "a"
    assert because(["a", "b", "c"]) == "a, b and c"
    assert because([]) == ""
