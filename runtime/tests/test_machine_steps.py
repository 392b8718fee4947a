"""The steps that make a machine, each with the commands that it would run played by others."""

import hashlib
import json
import subprocess

import pytest


@pytest.fixture
def database(shell):
    for command in ("chown", "systemctl"):
        shell.fake(command)
    for command in ("mariadb", "mysql"):
        shell.fake(command, f"case $* in *CONVERT_TZ*) echo ${{known:-0}} ;; *) cat >>{shell.folder}/sql ;; esac")
    for command in ("mariadb-tzinfo-to-sql", "mysql_tzinfo_to_sql"):
        shell.fake(command, "echo the time zones; echo no zone >&2")
    shell.fake("runuser", f"case $* in *psql*) cat >{shell.folder}/sql ;; esac")
    shell.fake("id", "echo 105")

    def run(engine, settings="include '/etc/settings.conf'", **variables):
        (shell.folder / "cluster.conf").write_text(f"{settings}\n")
        script = f"""
          volume=. folders=data:{shell.folder}/data database={engine} database_unit=unit database_user=user
          statement_timeout=57 database_settings=/etc/settings.conf cluster_settings={shell.folder}/cluster.conf
          start_again() {{ :; }}
          database
        """
        result = shell.run(script, "plumbline_database.sh", **variables)
        assert result.returncode == 0, result.stdout
        (shell.folder / "said").write_text(result.stdout)
        return (shell.folder / "sql").read_text()

    return run


def test_the_role_of_postgresql_ends_statements_before_their_request_ends(database):
    assert "ALTER ROLE app SET statement_timeout = '57s';" in database("postgresql").splitlines()


@pytest.mark.parametrize(
    ("engine", "program"), [("mariadb", "mariadb-tzinfo-to-sql"), ("mysql", "mysql_tzinfo_to_sql")]
)
def test_the_time_zones_are_loaded_where_the_data_has_none(shell, database, engine, program):
    assert database(engine).endswith("the time zones\n")
    assert [call for call in shell.calls if "tzinfo" in call] == [f"{program} /usr/share/zoneinfo"]
    database(engine, known="1")
    assert len([call for call in shell.calls if "tzinfo" in call]) == 1
    assert (shell.folder / "said").read_text() == ""


def test_time_zones_that_cannot_be_loaded_are_told_and_fail_no_deployment(shell, database):
    shell.fake("mariadb-tzinfo-to-sql", "exit 1")
    database("mariadb")
    assert (shell.folder / "said").read_text() == (
        "the database knows no time zones but UTC: CONVERT_TZ is NULL for others\n"
    )


@pytest.fixture
def packages(shell):
    """Installs what a machine has; returns what was installed, and what was said."""
    for command in ("apt-get", "curl", "systemctl"):
        shell.fake(command)
    shell.fake("dpkg", '[ "$1" = --print-architecture ] && echo arm64')

    def packages(**variables):
        common = {"package_manager": "apt", "packages": "redis", "region": "cn-north-1", "suffix": "amazonaws.com.cn"}
        common |= {"policy": str(shell.folder / "policy-rc.d"), "downloads": str(shell.folder)}
        result = shell.run("packages", "plumbline_machine.sh", **(common | variables))
        assert result.returncode == 0, result.stdout
        return result.stdout

    return packages


def installed(shell):
    return [call.split("--no-upgrade ")[1] for call in shell.calls if "--no-upgrade" in call]


AGENT = "amazon-ssm-agent.deb"


def test_an_image_without_the_agent_of_session_manager_gets_it_from_the_bucket_of_the_region(shell, packages):
    packages(without_agent="true")
    url = "https://s3.cn-north-1.amazonaws.com.cn/amazon-ssm-cn-north-1/latest/debian_arm64/amazon-ssm-agent.deb"
    assert any(call.startswith("curl ") and call.endswith(url) for call in shell.calls)
    assert installed(shell) == ["nginx redis"]
    assert any(call.startswith("apt-get") and call.endswith(f"/{AGENT}") for call in shell.calls)
    assert "systemctl enable -q --now amazon-ssm-agent" in shell.calls


@pytest.mark.parametrize("broken", ["curl", "systemctl"])
def test_a_machine_serves_without_the_agent_where_it_cannot_be_had_and_says_so(shell, packages, broken):
    shell.fake(broken, "exit 22")
    assert "Session Manager does not reach this machine" in packages(without_agent="true")
    assert "nginx redis" in installed(shell)


def test_an_image_with_the_agent_keeps_it(shell, packages):
    packages()
    assert installed(shell) == ["nginx redis"]
    assert not any(call.startswith("curl") for call in shell.calls)


@pytest.mark.parametrize("engine", ["mariadb", "mysql", "postgresql"])
def test_the_folders_of_a_volume_are_given_to_the_server_once_and_never_while_it_runs(database, shell, engine):
    database(engine)
    given = ["systemctl stop unit", f"chown -hR 105:105 {shell.folder}/data"]
    assert [call for call in shell.calls if call in given] == given
    database(engine)
    assert [call for call in shell.calls if call in given] == given


def test_the_settings_of_a_cluster_are_written_by_its_own_user(database, shell):
    database("postgresql", settings="# nothing yet")
    assert (shell.folder / "cluster.conf").read_text() == "# nothing yet\n"
    include = f"include '/etc/settings.conf' {shell.folder}/cluster.conf"
    writes = [call for call in shell.calls if call.endswith(include)]
    assert [call.split(" bash ")[0] for call in writes] == ["runuser -u postgres --"]


@pytest.mark.parametrize("client", ["mariadb", "mysql"])
def test_root_s_client_gives_the_server_no_files(database, shell, client):
    database(client)
    calls = [call for call in shell.calls if call.startswith(f"{client} ")]
    assert calls[0] == f"{client} --local-infile=0"
    assert all(f"{call} ".startswith(f"{client} --local-infile=0 ") for call in calls)


# Of python-build-standalone, but for the other 900 names. Its build-cpython.sh writes them as JSON.
BUILT_WITH = {
    "ABIFLAGS": "",
    "AR": "/tools/llvm/bin/llvm-ar",
    "BLDSHARED": "clang -pthread -shared  -Wl,--exclude-libs,ALL -LModules/_hacl",
    "CC": "clang -pthread",
    "CCSHARED": "-fPIC",
    "CXX": "clang++ -pthread",
    "LDCXXSHARED": "clang++ -pthread -shared",
    "LDSHARED": "clang -pthread -shared  -Wl,--exclude-libs,ALL ",
    "LINKCC": "clang -pthread",
}


@pytest.fixture
def fetched(shell):
    """Fetches a Python that does no more than answer, and that names what it was built with."""

    def fetch(digest=None):
        python = shell.folder / "python" / "bin" / "python3"
        python.parent.mkdir(parents=True)
        python.write_text("#!/bin/sh\necho 3.12\n")
        python.chmod(0o755)
        variables = shell.folder / "python/lib/python3.12/_sysconfigdata__linux_aarch64-linux-gnu.py"
        variables.parent.mkdir(parents=True)
        variables.write_text(f"build_time_vars = {json.dumps(BUILT_WITH, indent=4, sort_keys=True)}")
        archive = shell.folder / "archive.tar.gz"
        subprocess.run(["tar", "-czf", archive, "-C", shell.folder, "python"], check=True)
        shell.fake("curl", f'while [ "$1" != -o ]; do shift; done; cp "{archive}" "$2"')
        shell.fake("uname", "echo aarch64")
        digest = digest or hashlib.sha256(archive.read_bytes()).hexdigest()
        target = shell.folder / "lib" / "3.12.13" / "bin" / "python3"
        result = shell.run(
            "fetch_python; fetch_python; $python",
            "plumbline_machine.sh",
            python=str(target),
            downloads=str(shell.folder),
            python_archive="1/cpython-3.12.13%2B1-ARCHITECTURE-unknown-linux-gnu-install_only.tar.gz",
            python_sha256=f"x86_64={'0' * 64} aarch64={digest}",
        )
        return result, target

    return fetch


def test_a_python_that_the_system_lacks_is_fetched_once_for_its_processor(shell, fetched):
    result, _ = fetched()
    assert (result.returncode, result.stdout) == (0, "3.12\n")
    downloads = [call for call in shell.calls if call.startswith("curl ")]
    assert [call.rpartition(" ")[2] for call in downloads] == [
        "https://github.com/astral-sh/python-build-standalone/releases/download/1/"
        "cpython-3.12.13%2B1-aarch64-unknown-linux-gnu-install_only.tar.gz"
    ]


def test_extensions_of_it_are_built_with_the_compiler_of_the_machine(fetched):
    _, target = fetched()
    variables = target.parents[1] / "lib/python3.12/_sysconfigdata__linux_aarch64-linux-gnu.py"
    known = {}
    exec(variables.read_text(), known)
    assert known["build_time_vars"] == {
        "ABIFLAGS": "",
        "AR": "ar",
        "BLDSHARED": "cc -pthread -shared  -Wl,--exclude-libs,ALL -LModules/_hacl",
        "CC": "cc -pthread",
        "CCSHARED": "-fPIC",
        "CXX": "c++ -pthread",
        "LDCXXSHARED": "c++ -pthread -shared",
        "LDSHARED": "cc -pthread -shared  -Wl,--exclude-libs,ALL ",
        "LINKCC": "cc -pthread",
    }


def test_fails_when_it_is_another_archive(shell, fetched):
    result, target = fetched("f" * 64)
    assert result.returncode == 1
    assert result.stdout.startswith(
        "another SHA-256 than pinned: cpython-3.12.13%2B1-aarch64-unknown-linux-gnu-install_only.tar.gz "
        f"must have {'f' * 64} and has "
    )
    assert not target.exists()
