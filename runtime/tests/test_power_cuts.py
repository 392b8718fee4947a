"""Whenever the power is cut during a change in place, the next run finds a whole release: the old or the new one."""

import itertools
import shutil

import pytest

OLD = {"etc/site.conf": "old", "etc/only-old.conf": "old", "etc/same.conf": "same"}
NEW = {"etc/site.conf": "new", "etc/only-new.conf": "new", "etc/same.conf": "same"}
BROKEN = {"etc/site.conf": "broken", "etc/only-broken.conf": "broken"}

# Kills itself, as a power cut would, before the command of this number.
CUT = """
count=0
cut() { count=$((count + 1)); if [ $count = "$CUT" ]; then kill -9 $$; fi; }
set -T
trap cut DEBUG
"""
# What a run does to the files and the release; then it settles, or it goes back.
CHANGE = """
seal() { :; }
cd "$stage"
keep_files
find . -type f -printf '/%P\\n' | while read -r path; do mkdir -p "${path%/*}"; cp ".$path" "$path"; done
ln -s "releases/$release" "$app/next"
mv -T "$app/next" "$app/current"
echo worker@$release >"$before/started"
"""


@pytest.fixture
def machine(shell, tmp_path):
    shell.fake("systemctl", '[ "$1" != is-active ]')
    return MachineUnderCuts(shell, tmp_path / "machine")


class MachineUnderCuts:
    def __init__(self, shell, folder):
        self.shell, self.folder = shell, folder
        self.app, self.root, self.state = folder / "app", folder / "root", folder / "state"

    def begin(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        for path in (self.app / "releases", self.root, self.state):
            path.mkdir(parents=True)
        assert self.run("old", OLD, "settle worker@old") == 0

    def run(self, release, files, end, cut=0, **variables):
        stage = self.folder / "stage"
        shutil.rmtree(stage, ignore_errors=True)
        (self.app / "releases" / release).mkdir(exist_ok=True)
        for path, text in files.items():
            staged = stage / str(self.root / path).lstrip("/")
            staged.parent.mkdir(parents=True, exist_ok=True)
            staged.write_text(text)
        result = self.shell.run(
            f"{CUT}{CHANGE}{end}",
            "plumbline_in_place.sh",
            **{
                "state": str(self.state),
                "app": str(self.app),
                "stage": str(stage),
                "release": release,
                "CUT": str(cut),
                **variables,
            },
        )
        return result.returncode

    @property
    def release(self):
        return (self.app / "current").readlink().name

    @property
    def files(self):
        return {str(path.relative_to(self.root)): path.read_text() for path in self.root.rglob("*") if path.is_file()}


def cuts(machine, end):
    """After each cut, until a run comes through."""
    for cut in itertools.count(1):
        machine.begin()
        code = machine.run("new", NEW, end, cut)
        yield cut
        if code == 0:
            assert cut > 20
            return
        assert code == -9


def test_a_change_that_was_cut_anywhere_can_be_undone_by_the_next(machine):
    for cut in cuts(machine, ":"):
        assert machine.run("broken", BROKEN, "restore") == 0, cut
        assert (machine.release, machine.files) == ("old", OLD), cut


def test_a_change_that_was_cut_anywhere_is_whole_when_it_is_tried_again(machine):
    for cut in cuts(machine, "settle worker@new"):
        assert machine.run("new", NEW, "settle worker@new") == 0, cut
        assert (machine.release, machine.files) == ("new", NEW), cut


def test_a_way_back_that_was_cut_anywhere_is_gone_to_its_end(machine):
    for cut in cuts(machine, "restore"):
        assert machine.run("broken", BROKEN, "restore") == 0, cut
        assert (machine.release, machine.files) == ("old", OLD), cut


def test_what_cannot_be_put_back_on_a_full_disk_is_kept_until_there_is_room(machine):
    machine.begin()
    copy = shutil.which("cp")
    # a full disk cuts off what is there, before it says so
    full = 'if [ "${*: -1}" = / ]; then : >"$FULL"; exit 1; fi'
    machine.shell.fake("cp", f'{full}\nexec {copy} "$@"')
    variables = {"FULL": str(machine.root / "etc/site.conf")}
    assert machine.run("new", NEW, "restore", **variables) != 0
    assert machine.run("broken", BROKEN, "restore", **variables) != 0
    (machine.shell.fakes / "cp").unlink()
    assert machine.run("broken", BROKEN, "restore") == 0
    assert (machine.release, machine.files) == ("old", OLD)


def test_a_change_that_was_cut_while_it_settled_leaves_one_whole_release(machine):
    for cut in cuts(machine, "settle worker@new"):
        assert machine.run("broken", BROKEN, "restore") == 0, cut
        assert (machine.release, machine.files) in [("old", OLD), ("new", NEW)], cut
        assert (machine.app / "releases" / machine.release).is_dir(), cut


def test_a_python_that_was_fetched_goes_with_the_last_release_that_runs_on_it(machine):
    machine.begin()
    pythons = machine.folder / "pythons"

    def change(release, version):
        (pythons / version).mkdir(parents=True, exist_ok=True)
        environment = machine.app / "releases" / release / ".venv"
        environment.mkdir(parents=True)
        (environment / "pyvenv.cfg").write_text(f"home = {pythons}/{version}/bin\n")
        assert machine.run(release, NEW, f"settle worker@{release}", pythons=str(pythons)) == 0
        return sorted(path.name for path in pythons.iterdir())

    assert change("first", "3.11.1") == ["3.11.1"]
    assert change("second", "3.11.2") == ["3.11.1", "3.11.2"]
    assert change("third", "3.11.2") == ["3.11.2"]
