"""The steps that make a machine, each with the commands that it would run played by others."""

import pytest


@pytest.fixture
def database(shell):
    for command in ("find", "systemctl", "mariadb", "mysql"):
        shell.fake(command)
    shell.fake("runuser", f"cat >{shell.folder}/sql")

    def run(engine, **variables):
        (shell.folder / "cluster.conf").write_text("include '/etc/settings.conf'\n")
        script = f"folders= database={engine} database_unit=unit database_user=user statement_timeout=57\n"
        script += "database_settings=/etc/settings.conf cluster_settings=cluster.conf\nstart_again() { :; }\ndatabase"
        result = shell.run(script, "plumbline_database.sh", **variables)
        assert result.returncode == 0, result.stdout
        return (shell.folder / "sql").read_text()

    return run


def test_the_role_of_postgresql_ends_statements_before_their_request_ends(database):
    assert "ALTER ROLE app SET statement_timeout = '57s';" in database("postgresql").splitlines()
