import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from portal.core.progress import Cancelled
from portal.core.sandbox import CagedResult, Limits, Outcome, cage, cage_report, folder, run_caged
from portal.core.sandbox.folder import PREFIX

QUICK = Limits(cpu_seconds=20, wall_seconds=40, memory_bytes=300 << 20)


@pytest.fixture(autouse=True)
def own_temporary_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "temporary"
    root.mkdir(mode=0o711)
    monkeypatch.setattr("tempfile.tempdir", str(root))
    return root


def caged(deed: str, *, limits: Limits = QUICK, **request: Any) -> CagedResult:
    inputs = request.pop("inputs", {})
    outputs = request.pop("outputs", {})
    return run_caged(
        module="tests.portal.core.sandbox.inmates",
        request={"deed": deed, **request},
        inputs=inputs,
        outputs=outputs,
        limits=limits,
    )


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_child_answers_from_an_input_in_an_unreadable_folder(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir(mode=0o700)
    (store / "blob").write_text("content")
    (store / "blob").chmod(0o600)
    result = caged("answer", inputs={"file": store / "blob"}, number=3)
    assert result.outcome is Outcome.FINISHED, result
    assert result.answer == {"request": {"deed": "answer", "number": 3}, "input": "content"}


def test_refusal_comes_back_in_its_own_words() -> None:
    result = caged("refuse")
    assert (result.outcome, result.message) == (Outcome.FAILED, "The column “age” is missing.")


def test_error_comes_back_on_one_line_with_its_traceback_in_the_log() -> None:
    result = caged("raise_error")
    assert (result.outcome, result.message) == (Outcome.FAILED, "ZeroDivisionError: one by nothing")
    assert "Traceback" in result.log


def test_endless_loop_ends_at_its_processor_time() -> None:
    result = caged("loop", limits=Limits(cpu_seconds=1, wall_seconds=30))
    assert (result.outcome, result.message) == (Outcome.TIMED_OUT, "It used up its 1 seconds of processor time.")


def test_sleeper_ends_at_its_wall_time_and_leaves_nothing(own_temporary_root: Path) -> None:
    seen: list[str] = []
    result = run_caged(
        module="tests.portal.core.sandbox.inmates",
        request={"deed": "sleep"},
        inputs={},
        limits=Limits(wall_seconds=2),
        progress=lambda _done, _total, message: seen.append(message),
    )
    assert (result.outcome, result.message) == (Outcome.TIMED_OUT, "It did not end within 2 seconds.")
    assert not alive(int(seen[0]))
    assert list(own_temporary_root.iterdir()) == []


def test_cancelling_from_progress_ends_the_child_and_goes_on_to_the_caller(own_temporary_root: Path) -> None:
    pids: list[int] = []

    def progress(done: int, total: int, message: str) -> None:
        pids.append(int(message))
        raise Cancelled

    with pytest.raises(Cancelled):
        run_caged(module="tests.portal.core.sandbox.inmates", request={"deed": "sleep"}, inputs={}, progress=progress)
    assert not alive(pids[0])
    assert list(own_temporary_root.iterdir()) == []


def test_child_stops_when_asked_to() -> None:
    result = run_caged(
        module="tests.portal.core.sandbox.inmates", request={"deed": "sleep"}, inputs={}, should_stop=lambda: True
    )
    assert result.outcome is Outcome.CANCELLED


@pytest.mark.parametrize("deed", ["hog_memory", "hog_shared_memory", "allocate_at_once"])
def test_memory_hog_ends_as_out_of_memory(deed: str) -> None:
    result = caged(deed)
    assert (result.outcome, result.message) == (Outcome.OUT_OF_MEMORY, "It needed more than 300 MiB of memory.")
    assert result.peak_bytes < 1 << 30


def test_fork_bomb_bears_no_child() -> None:
    assert caged("fork_bomb").answer == {"born": 0, "errors": ["PermissionError"]}


@pytest.mark.skipif(os.geteuid() != 0, reason="threads are counted where the child has a user of its own")
def test_thread_bomb_is_contained() -> None:
    assert 0 < caged("thread_bomb").answer["started"] <= 128


def test_child_starts_no_program() -> None:
    assert "PermissionError" in caged("start_program").message


def test_child_opens_no_socket() -> None:
    assert caged("open_sockets").answer == {"opened": []}


def test_child_reaches_nothing_outside(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    secret.chmod(0o666)
    tmp_path.chmod(0o777)
    assert caged("reach_out", secret=str(secret)).answer == {"done": []}
    assert secret.read_text() == "key"


def test_child_sees_no_variable_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    answer = caged("tell_environment").answer
    assert not {"SECRET_KEY", "DATABASE_URL", "PATH", "PYTHONPATH"} & set(answer["names"])


def test_declared_output_comes_back() -> None:
    result = caged("leave_file", size=5, outputs={"out.bin": 10})
    assert result.files == {"out.bin": b"xxxxx"}


def test_output_over_its_size_is_refused() -> None:
    result = caged("leave_file", size=11, outputs={"out.bin": 10})
    assert (result.outcome, dict(result.files)) == (Outcome.OUTPUT_TOO_LARGE, {})


def test_undeclared_output_is_refused() -> None:
    assert caged("leave_file", size=5).outcome is Outcome.FAILED


def test_child_leaves_no_link(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("key")
    result = caged("leave_link", target=str(tmp_path / "secret"), outputs={"out.bin": 100})
    assert (result.outcome, dict(result.files)) == (Outcome.FAILED, {})


@pytest.mark.parametrize("make", ["symlink", "hardlink", "pipe"])
def test_output_that_is_not_a_file_of_its_own_is_not_read(tmp_path: Path, make: str) -> None:
    (tmp_path / "secret").write_text("key")
    output = tmp_path / "out.bin"
    if make == "symlink":
        output.symlink_to(tmp_path / "secret")
    elif make == "hardlink":
        output.hardlink_to(tmp_path / "secret")
    else:
        os.mkfifo(output)
    with pytest.raises(OSError, match=r".+"):
        cage._read_output(output, 100)


def test_file_over_the_file_limit_ends_as_output_too_large() -> None:
    limits = Limits(file_bytes=1 << 20)
    result = caged("leave_file", size=2 << 20, outputs={"out.bin": 1 << 30}, limits=limits)
    assert result.outcome is Outcome.OUTPUT_TOO_LARGE


def test_many_files_end_as_output_too_large() -> None:
    assert caged("fill_disk", limits=Limits(folder_bytes=20 << 20)).outcome is Outcome.OUTPUT_TOO_LARGE


def test_deep_folders_are_removed(own_temporary_root: Path) -> None:
    assert caged("dig_deep").outcome is Outcome.FINISHED
    assert list(own_temporary_root.iterdir()) == []


def test_long_answer_is_cut_off() -> None:
    limits = Limits(answer_bytes=1 << 20)
    assert caged("talk", limits=limits).outcome is Outcome.OUTPUT_TOO_LARGE


@pytest.mark.parametrize("deed", ["babble", "answer_nan"])
def test_answer_that_is_not_json_fails(deed: str) -> None:
    result = caged(deed)
    assert result.outcome is Outcome.FAILED or result.answer == {}


def test_crash_is_named() -> None:
    result = caged("crash")
    assert (result.outcome, result.message) == (Outcome.KILLED, "It crashed (SIGSEGV).")


def test_log_keeps_the_end_only() -> None:
    result = caged("print_much")
    assert result.outcome is Outcome.FINISHED
    assert len(result.log) <= 16_384
    assert result.log.endswith("last words\n")


def test_killed_parent_takes_the_child_along_and_the_next_run_sweeps(
    own_temporary_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "from portal.core.sandbox import reach, run_caged\n"
        "reach.PACKAGES = (*reach.PACKAGES, 'tests')\n"
        "run_caged(module='tests.portal.core.sandbox.inmates', request={'deed': 'sleep'}, inputs={},\n"
        "    progress=lambda done, total, message: print(message, flush=True))\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        cwd=reach_root(),
        env={"TMPDIR": str(own_temporary_root)},
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)
    assert len(list(own_temporary_root.glob(f"{PREFIX}*"))) == 1
    monkeypatch.setattr(folder, "ORPHAN_SECONDS", 0)
    assert caged("answer").finished
    assert list(own_temporary_root.glob(f"{PREFIX}*")) == []


def test_work_is_refused_where_files_cannot_be_kept_out_of_reach() -> None:
    """A process that may neither change user nor use Landlock must not inspect anything."""
    program = (
        "import ctypes, platform\n"
        "from portal.core.sandbox import seccomp, CageUnavailable, run_caged\n"
        "seccomp.CALLS.update(landlock_create_ruleset=(444, 444))\n"
        "ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)\n"
        "seccomp.install(refused=frozenset({'setresuid', 'landlock_create_ruleset'}))\n"
        "del seccomp.CALLS['landlock_create_ruleset']\n"
        "try:\n"
        "    run_caged(module='portal.core.sandbox.probe', request={'outside': '/etc/hostname'}, inputs={})\n"
        "except CageUnavailable as refusal:\n"
        "    print(refusal.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=reach_root(), check=True)
    assert "Untrusted files are not opened" in done.stdout or "no Landlock" in done.stdout


def test_report_finds_no_way_out() -> None:
    report = cage_report()
    assert report.available
    assert report.escapes == ()
    assert "resource limits: yes" in report.lines


def reach_root() -> Path:
    return Path(__file__).resolve().parents[4]
