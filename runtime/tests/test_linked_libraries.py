"""What extensions link to is read from a list of the application's user: root follows it nowhere, and waits for
nobody."""

import os
import subprocess

import pytest


@pytest.fixture
def owners(shell):
    shell.fake("dpkg", 'echo "owner-of-${2##*/}: $2"')

    def owners(file):
        result = shell.run(f"owners_of_libraries {file}", "plumbline_build.sh", package_manager="apt")
        assert result.returncode == 0
        return result.stdout.splitlines()

    return owners


LIBRARY = os.path.realpath("/bin/bash")


def test_owners_of_libraries_are_asked_for(owners, tmp_path):
    (tmp_path / "linked").write_text(f"{LIBRARY}\n/usr/lib/none.so\n")
    assert owners(tmp_path / "linked") == ["owner-of-bash"]
    assert owners(tmp_path / "none") == []


@pytest.mark.parametrize(
    "line", ["--version", "-S", "*", "/usr/*", "{folder}/a", "/usr/../{folder}/a", "/etc/passwd", "", "."]
)
def test_what_is_no_library_of_the_operating_system_is_nobody_s(owners, shell, tmp_path, line):
    (tmp_path / "a").write_text("")
    (tmp_path / "linked").write_text(f"{line.format(folder=tmp_path)}\n{LIBRARY}\n")
    assert owners(tmp_path / "linked") == ["owner-of-bash"]


def test_a_link_is_not_followed_and_a_pipe_not_waited_for(owners, tmp_path):
    (tmp_path / "list").write_text(f"{LIBRARY}\n")
    (tmp_path / "linked").symlink_to("list")
    assert owners(tmp_path / "linked") == []
    os.mkfifo(tmp_path / "pipe")
    assert owners(tmp_path / "pipe") == []
    writer = subprocess.Popen(["bash", "-c", f"exec 3<>{tmp_path / 'pipe'}; sleep 20"])
    try:
        assert owners(tmp_path / "pipe") == []
    finally:
        writer.kill()
        writer.wait()


def test_a_list_without_end_is_read_in_part(owners, shell, tmp_path):
    with (tmp_path / "linked").open("w") as file:
        file.write(f"{LIBRARY}\n" + "\n" * 2000 + f"{LIBRARY}\n")
        file.truncate(1 << 40)
    assert owners(tmp_path / "linked") == ["owner-of-bash"]
