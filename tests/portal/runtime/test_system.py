from portal.runtime.system import Need, install_command, missing

THERE = Need("libc6", "everything", library="libc.so.6")
SHELL = Need("dash", "scripts", programs=("sh",))
ABSENT = Need("libnever0", "nothing", library="libnever.so.0")
NO_FONT = Need("fonts-never", "nothing", font="Never-Regular.*")


def test_only_what_is_not_there_is_missing() -> None:
    assert missing((THERE, ABSENT, SHELL, NO_FONT)) == [ABSENT, NO_FONT]


def test_the_remedy_is_one_command() -> None:
    assert " ".join(install_command([ABSENT, NO_FONT])) == (
        "apt-get install --yes --no-install-recommends libnever0 fonts-never"
    )
