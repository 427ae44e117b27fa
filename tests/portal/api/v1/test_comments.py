"""Comments over REST."""

import hashlib

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team
from registry.models import ModelVersion
from tests.factories.registry import FindingFactory, SealedVersionFactory
from tests.factories.threads import CommentFactory
from tests.portal.api.callers import Caller, caller, fields_of, problem_of

pytestmark = pytest.mark.django_db
COMMENTS = "/models/limits/versions/3/comments"


@pytest.fixture
def version(team: Team) -> ModelVersion:
    made: ModelVersion = SealedVersionFactory.create(model__slug="limits", model__team=team, number=3)
    return made


def test_a_comment_is_written_edited_and_withdrawn(developer: Caller, version: ModelVersion) -> None:
    answer = developer.post(COMMENTS, {"text": "Which **rows**?"})
    assert answer.status_code == 201
    made = answer.json()
    own = f"/comments/{made['id']}"
    assert answer["Location"].endswith(f"/api/v1{own}")
    assert (made["about"], made["number"], made["author"]) == ("limits v3", 1, developer.user.email)
    assert (made["text"], made["state"], made["earlier_texts"]) == ("Which **rows**?", "written", [])
    assert made["digest"] == hashlib.sha256(bytes.fromhex(made["salt"]) + b"Which **rows**?").hexdigest()
    edited = developer.patch(own, {"text": "Which columns?"}).json()
    assert (edited["text"], edited["state"]) == ("Which columns?", "edited")
    assert [one["text"] for one in edited["earlier_texts"]] == ["Which **rows**?"]
    gone = developer.post(f"{own}/withdraw").json()
    assert (gone["text"], gone["state"], gone["earlier_texts"]) == (None, "withdrawn", [])
    assert gone["digest"] == edited["digest"]
    problem_of(developer.patch(own, {"text": "Again."}), 409, "comment_withdrawn")
    auditor = caller(Role.AUDITOR, team=None)
    kept = auditor.get(own).json()
    assert (kept["text"], len(kept["earlier_texts"])) == ("Which columns?", 1)


def test_each_thing_lists_its_own_comments(developer: Caller, viewer: Caller, version: ModelVersion) -> None:
    finding = FindingFactory.create(model=version.model)
    for path in ("/models/limits/comments", COMMENTS, f"/models/limits/findings/{finding.number}/comments"):
        for text in ("One.", "Two."):
            assert developer.post(path, {"text": text}).status_code == 201
        rows = viewer.get(path, order="oldest").json()["results"]
        assert [(row["number"], row["text"]) for row in rows] == [(1, "One."), (2, "Two.")]


def test_who_may_not_hears_why_and_strangers_hear_nothing(
    developer: Caller, viewer: Caller, stranger: Caller, version: ModelVersion
) -> None:
    comment = CommentFactory.create(subject=version)
    own = f"/comments/{comment.pk}"
    problem_of(viewer.post(COMMENTS, {"text": "One."}), 403, "missing_capability")
    problem_of(developer.patch(own, {"text": "Two."}), 403, "not_your_comment")
    problem_of(developer.post(f"{own}/withdraw"), 403, "not_your_comment")
    for answer in (stranger.get(own), stranger.get(COMMENTS), stranger.post(COMMENTS, {"text": "One."})):
        problem_of(answer, 404, "not_found")
    reader = Caller(developer.user, scopes=("read",))
    problem_of(reader.post(COMMENTS, {"text": "One."}), 403, "missing_capability")


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "a" * 10_001}, {"text": 3}])
def test_a_text_that_is_none_or_too_long_is_refused(developer: Caller, version: ModelVersion, body: object) -> None:
    answer = developer.post(COMMENTS, body)
    assert fields_of(answer, answer.status_code, "invalid") == {"text"}
    assert answer.status_code in {400, 422}
