import pytest

from registry.rules.artifacts import MOST, HeldFile, digest_problem, problems


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../model.onnx",
        "a/b",
        "a\\b",
        ".hidden",
        "model.",
        "a b",
        "a\0b",
        "ä.onnx",
        "-rf",
        "CON",
        "nul.txt",
        "a" * 201,
    ],
)
def test_names_that_are_no_plain_file_names_are_refused(name: str) -> None:
    assert "name" in problems(name=name, role="model", held=[])


@pytest.mark.parametrize("name", ["model.onnx", "requirements-3.11.lock", "a", "A_1", "a" * 200])
def test_plain_names_are_taken(name: str) -> None:
    assert problems(name=name, role="model", held=[]) == {}


def test_a_name_is_taken_once_whatever_its_case() -> None:
    held = [HeldFile("model.onnx", "other")]
    assert "already" in problems(name="Model.ONNX", role="model", held=held)["name"][0]


@pytest.mark.parametrize(
    ("role", "again"), [("model", "refused"), ("environment", "refused"), ("other", "taken"), ("signature", "refused")]
)
def test_model_and_environment_lock_are_one_file_each(role: str, again: str) -> None:
    found = problems(name="b", role=role, held=[HeldFile("a", role)])
    assert ("refused" if found else "taken") == again


@pytest.mark.parametrize("role", ["", "weights"])
def test_unknown_role_is_refused(role: str) -> None:
    assert "Choose one of" in problems(name="a", role=role, held=[])["role"][0]


def test_number_of_files_is_limited() -> None:
    held = [HeldFile(f"f{number}", "other") for number in range(MOST)]
    assert "version" in problems(name="one-more", role="other", held=held)


def test_bytes_must_be_those_declared() -> None:
    ours, other = "a" * 64, "b" * 64
    assert digest_problem(role="model", received=ours, declared=ours.upper(), environment_lock=other) == {}
    assert ours in digest_problem(role="model", received=ours, declared=other, environment_lock=other)["sha256"][0]


def test_environment_lock_must_be_the_training_runs() -> None:
    ours, other = "a" * 64, "b" * 64
    assert digest_problem(role="environment", received=ours, declared=ours, environment_lock=ours) == {}
    found = digest_problem(role="environment", received=ours, declared=ours, environment_lock=other)
    assert "the training run declares" in found["sha256"][0]


def test_the_name_of_a_signature_is_a_signatures() -> None:
    assert "role signature" in problems(name="Model.sig", role="other", held=[])["name"][0]
    assert problems(name="model.sig", role="signature", held=[]) == {}
