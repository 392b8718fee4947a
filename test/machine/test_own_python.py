"""What the operating system or the public index lacks: a Python from GitHub, packages from an index with a password and
from a repository with a token. The rig plays all three hosts."""

import json

import pytest

from rig import fetched
from rig.machine import Machine
from rig.shared_machines import SharedMachines, Wanted
from rig.shell import sh
from rig.standalone_python import standalone_python

FOLDER = "/usr/local/lib/plumbline/python"
VENV = "/srv/app/current/.venv"


@pytest.fixture(scope="module")
def applications(shared: SharedMachines, tmp_path_factory) -> dict[str, Wanted]:
    folder = tmp_path_factory.mktemp("fetched")
    every = {
        "own python": fetched.own_python(folder / "python"),
        "private packages": fetched.private_packages(folder / "private"),
    }
    shared.prepare(every.values())
    return every


class TestPython:
    @pytest.fixture
    def machine(self, shared: SharedMachines, applications: dict[str, Wanted]) -> Machine:
        return shared.get(applications["own python"])

    @pytest.fixture
    def version(self) -> str:
        return standalone_python().version

    def test_workers_run_on_it_with_packages_that_were_made_for_it(self, machine, version):
        assert machine.get("/").json() == on(version)

    def test_background_workers_run_on_it(self, machine, version):
        lines = machine.run("journalctl -u worker --no-pager -o cat").splitlines()
        assert json.loads(next(line for line in lines if line.startswith("{"))) == on(version)

    def test_commands_run_on_it(self, machine, version):
        assert machine.run("as_app python -V") == f"Python {version}"

    def test_the_environment_knows_no_other(self, machine, version):
        assert machine.run(f"readlink -f {VENV}/bin/python") == f"{FOLDER}/{version}/bin/python3.11"
        assert f"home = {FOLDER}/{version}/bin" in machine.run(f"cat {VENV}/pyvenv.cfg").splitlines()
        assert machine.run(f"ls {VENV}/lib") == "python3.11"

    def test_root_alone_can_change_it(self, machine):
        assert machine.run(f"find {FOLDER} ! -user root -o ! -type l -perm /022") == ""

    def test_what_the_extension_was_built_with_is_gone(self, machine):
        assert machine.run("command -v gcc cc", check=False) == ""

    def test_the_system_keeps_its_own(self, machine):
        assert machine.run("/usr/bin/python3 -V").startswith("Python 3.13.")


def on(version: str) -> dict[str, object]:
    """What a process says of the Python that it runs on."""
    return {
        "version": version,
        "base": f"{FOLDER}/{version}",
        "extension of a wheel": "so",
        "extension that was built": version,
        "of the system": [],
    }


class TestPrivatePackages:
    @pytest.fixture
    def machine(self, shared: SharedMachines, applications: dict[str, Wanted]) -> Machine:
        return shared.get(applications["private packages"])

    def test_are_there(self, machine):
        assert machine.get("/").json() == {"greeting": ["hello", "1.2"], "farewell": ["goodbye", "0.3"]}

    def test_git_is_gone(self, machine):
        assert machine.run("command -v git", check=False) == ""

    @pytest.mark.parametrize("secret", [fetched.PLAIN, fetched.TOKEN], ids=["password", "token"])
    def test_nothing_on_the_machine_holds_the(self, machine, secret):
        """Of all that was written since it was an image, in memory too."""
        written = sh("grep", "-rlaF", "-e", secret, str(machine.guest.folder / "upper"), check=False)
        assert (written.returncode, written.stdout, written.stderr) == (1, "", "")
        assert machine.run(f"grep -rlasF -e {secret} /run /tmp /dev/shm", check=False) == ""
        assert secret not in machine.run("journalctl --no-pager -o export")
        assert secret not in machine.run("cat /proc/[0-9]*/{environ,cmdline}", check=False)
