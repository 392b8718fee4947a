"""The steps of a release: what it brings is run by the application's user, and is root's in the end."""

import os
import re
import shlex
import stat
import zipfile

import pytest
from machine_shell import RUNTIME

RELEASE = ("plumbline_release.sh", "plumbline_service.sh")


def mode_of(path):
    return oct(stat.S_IMODE(path.stat().st_mode))


def modes(folder):
    """Of everything below it but links."""
    found = [path for path in folder.rglob("*") if not path.is_symlink()]
    return {str(path.relative_to(folder)): mode_of(path) for path in found}


def archive(path, files):
    """`files` holds the mode of each, as UNIX has it, or None as of an archive that knows none."""
    with zipfile.ZipFile(path, "w") as file:
        for name, mode in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (mode or 0) << 16
            file.writestr(entry, "content")


@pytest.fixture
def unpacked(shell):
    archive(
        shell.folder / "app.zip",
        {
            "bin/run": stat.S_IFREG | 0o755,
            "bin/bare": 0o755,
            "manage.py": stat.S_IFREG | 0o644,
            "made/elsewhere": None,
            "setuid": stat.S_IFREG | 0o4777,
            "link": stat.S_IFLNK | 0o777,
        },
    )
    result = shell.run('umask 027; python3 -I "$lib/plumbline_unzip.py" app.zip release')
    assert result.returncode == 0, result.stdout
    return shell.folder / "release"


def test_what_may_be_executed_still_may_when_it_is_unpacked(unpacked):
    assert modes(unpacked) == {
        "bin": "0o750",
        "bin/run": "0o750",
        "bin/bare": "0o750",
        "manage.py": "0o640",
        "made": "0o750",
        "made/elsewhere": "0o640",
        "setuid": "0o750",
        "link": "0o640",
    }
    assert not (unpacked / "link").is_symlink()


@pytest.fixture
def release(shell):
    for command in ("chown", "systemd-run", "install"):
        shell.fake(command)
    folder = shell.folder / "release"
    for path in ("static/css/site.css", "templates/page.html", "manage.py", ".venv/bin/gunicorn"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("content")
        (folder / path).chmod(0o664)
    (folder / ".venv/bin/gunicorn").chmod(0o775)
    (folder / "templates").chmod(0o2777)
    return folder


def seal(shell, release):
    result = shell.run(f'unseal "{release}"; seal "{release}"', *RELEASE)
    assert result.returncode == 0, result.stdout
    return modes(release)


def test_a_sealed_release_is_root_s_and_read_by_the_service_and_of_it_nginx_reads_the_static_files(shell, release):
    (release / ".static").symlink_to("static")
    sealed = seal(shell, release)
    assert {path: mode for path, mode in sealed.items() if path.startswith("static")} == {
        "static": "0o755",
        "static/css": "0o755",
        "static/css/site.css": "0o644",
    }
    assert sealed["manage.py"] == sealed["templates/page.html"] == "0o640"
    assert sealed[".venv"] == sealed[".venv/bin"] == "0o751"
    assert sealed[".venv/bin/gunicorn"] == "0o750"
    assert sealed["templates"] in ("0o751", "0o2751")  # of a folder chmod leaves the group's bit
    assert mode_of(release) == "0o751"
    assert shell.calls[-1] == f"chown -hR root:app {release}"


def test_static_files_elsewhere_are_left_as_they_are(shell, release):
    elsewhere = shell.folder / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (release / ".static").symlink_to(elsewhere)
    assert seal(shell, release)["static/css/site.css"] == "0o640"
    assert mode_of(elsewhere) == "0o700"


def test_the_steps_of_a_release_write_to_all_of_it_but_its_packages(shell, release):
    (release / ".complete").touch()
    shell.run(f'unseal "{release}"', *RELEASE)
    given, own = [shlex.split(call) for call in shell.calls]
    assert given[:3] == ["chown", "-hR", "app:app"]
    assert {os.path.basename(path) for path in given[3:]} == {"static", "templates", "manage.py"}
    assert own == ["chown", "root:app", str(release)]
    # sticky, so that what is root's stays in its place
    assert release.stat().st_mode & stat.S_ISVTX


def test_root_runs_nothing_of_a_release_or_its_packages(shell, release):
    for program in (".venv/bin/python", "tools/bin/uv"):
        path = (shell.folder / "release" if program.startswith(".venv") else shell.folder) / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/bash\necho "ran {program}" >>"{shell.calls_file}"\n')
        path.chmod(0o755)
    for name in ("plumbline_build.py", "plumbline_build_needs"):
        (shell.folder / name).symlink_to(RUNTIME / name)
    script = f"""
      python=python3 gunicorn=gunicorn==1 drivers='redis==1:redis' wsgi=site:app settings_module= answer_health=false
      health_path=/health lib={shell.folder} package_manager=apt logs={shell.folder}
      rm() {{ :; }}
      environment "{release}"
      cd "{release}"
      is_django
      python_of_release plumbline_settings_module.py site:app
    """
    result = shell.run(script, *RELEASE)
    assert result.returncode == 0, result.stdout
    units = [call for call in shell.calls if call.startswith("systemd-run ")]
    assert len(units) == 3
    for unit in units:
        assert " --wait " in unit, "what it has started would go on"
        assert " --uid=app --gid=app -p NoNewPrivileges=yes " in unit
    assert [call for call in shell.calls if call.startswith("ran ")] == []


@pytest.fixture
def project(shell):
    """A Django project in a folder of the release, and what was asked for it."""
    shell.fake("systemd-run")
    # what it runs as and where, test_as_app.py holds
    shell.fake(
        "as_app", 'case "$*" in *plumbline_settings_module.py*) echo PLUMBLINE_SETTINGS_MODULE=shop.live ;; esac'
    )
    folder = shell.folder / "next" / "apps" / "shop"
    (folder / "static").mkdir(parents=True)
    (shell.folder / "next/.venv/lib/python3.13/site-packages").mkdir(parents=True)

    def django(variables=""):
        script = (RUNTIME / "plumbline_release.sh").read_text()
        for path, own in (("/srv/app/next", "next"), ("/etc/gunicorn/environment", "environment")):
            script = script.replace(path, str(shell.folder / own))
        (shell.folder / "release.sh").write_text(script)
        result = shell.run(
            f". {shell.folder}/release.sh; unset -f as_app; logs={shell.folder} working_directory=apps/shop "
            "wsgi=shop.wsgi:application "
            f"settings_module= answer_health=true health_path=/health {variables}; django; migrate",
        )
        assert result.returncode == 0, result.stdout
        return folder

    return django, folder


def test_a_project_in_a_folder_of_the_release_is_asked_and_runs_there(shell, project):
    django, folder = project
    (folder / "manage.py").touch()
    django()
    release = shell.folder / "next"
    assert [call.replace(f"{RUNTIME}/", "") for call in shell.calls if call.startswith("as_app ")] == [
        "as_app python plumbline_settings_module.py shop.wsgi:application ",
        "as_app python plumbline_django.py collectstatic",
        "as_app python plumbline_migrate.py",
    ]
    assert (shell.folder / "environment").read_text().splitlines() == [
        "DJANGO_SETTINGS_MODULE=plumbline_django",
        "PLUMBLINE_SETTINGS_MODULE=shop.live",
        "PLUMBLINE_WORKING_DIRECTORY=apps/shop",
        "PLUMBLINE_HEALTH_PATH=/health",
    ]
    assert "plumbline_settings_hook" in (release / ".venv/lib/python3.13/site-packages/plumbline.pth").read_text()


def test_static_files_are_not_collected_where_the_user_says_so(shell, project):
    django, folder = project
    (folder / "manage.py").touch()
    django("collect_static=false")
    assert f"as_app python {RUNTIME}/plumbline_django.py static" in shell.calls


def test_the_hook_follows_no_link_that_a_package_has_left(shell, project):
    django, folder = project
    (folder / "manage.py").touch()
    environment, elsewhere = shell.folder / "next/.venv/lib", shell.folder / "elsewhere"
    (elsewhere / "site-packages").mkdir(parents=True)
    (elsewhere / "shadow").write_text("root")
    (environment / "python3.13/site-packages/plumbline.pth").symlink_to(elsewhere / "shadow")
    (environment / "python3.evil").symlink_to(elsewhere)
    django()
    assert (elsewhere / "shadow").read_text() == "root"
    assert not list((elsewhere / "site-packages").iterdir())
    assert (environment / "python3.13/site-packages/plumbline.pth").read_text().startswith("import os")


def test_static_files_of_another_application_in_a_folder_are_found_there(shell, project):
    django, folder = project
    django()
    assert (shell.folder / "next/.static").resolve() == folder / "static"


def test_root_s_own_python_is_isolated_from_the_environment_and_the_working_folder():
    for file in RUNTIME.glob("plumbline_*.sh"):
        if file.name == "plumbline_packages.sh":  # the application's user runs it
            continue
        for line in file.read_text().splitlines():
            first = re.findall(r'(?:^|&& |\()\s*(?:python3|"\$python") (\S+)', line)
            assert set(first) <= {"-I"}, f"{file.name}: {line}"


def test_folders_in_which_root_opens_files_are_root_s(shell):
    shell.fake("chown")
    folder = shell.folder / "nginx"
    (folder / "tmp").mkdir(parents=True)
    (shell.folder / "link").symlink_to(folder)
    for path in (folder, folder / "tmp"):
        path.chmod(0o770)
    result = shell.run(f"keep_for_root {folder} {folder}/tmp {shell.folder}/link {folder}/none", *RELEASE)
    assert result.returncode == 0, result.stdout
    assert shell.calls == [f"chown root {folder}", f"chown root {folder}/tmp"]
    assert mode_of(folder) == mode_of(folder / "tmp") == "0o751"


def test_large_logs_are_moved_away_and_links_neither_moved_nor_followed(shell):
    unit = (RUNTIME / "plumbline_logs.service").read_text()
    command = next(line for line in unit.splitlines() if "/usr/bin/find" in line).removeprefix("ExecStart=")
    logs, elsewhere = shell.folder / "logs", shell.folder / "elsewhere"
    for folder in (logs, elsewhere, logs / "deep"):
        folder.mkdir()
    for name in ("access.log", "error.log", "deep/access.log"):
        with (logs / name).open("wb") as file:
            file.truncate(65 << 20)
    (logs / "error.log.1").symlink_to(elsewhere)
    (logs / "linked.log").symlink_to(logs / "access.log")
    shell.run(command.replace("/var/log/nginx", str(logs)))
    assert list(elsewhere.iterdir()) == []
    assert sorted(path.name for path in logs.iterdir()) == ["access.log.1", "deep", "error.log.1", "linked.log"]
    assert not (logs / "error.log.1").is_symlink()
    assert (logs / "deep/access.log").exists()


def installed(calls):
    return [call.split("--no-upgrade ")[1] for call in calls if "--no-upgrade" in call]


@pytest.fixture
def building(shell):
    """A release on a machine whose packages are kept in a file, by fakes of apt and dpkg."""
    have = shell.folder / "have"
    have.write_text("base\n")
    for command in ("chown", "chmod", "install", "apt-mark", "rpm", "dnf"):
        shell.fake(command)
    shell.fake("dpkg-query", f"sort {have}")
    shell.fake("dpkg", f'[ $1 = -s ] && shift && for one in "$@"; do grep -qx "$one" {have} || exit 1; done')
    shell.fake(
        "apt-get",
        f"""case "$*" in
      *--no-upgrade*) printf '%s\\n' ${{*#*--no-upgrade}} libextra >>{have} ;;
      *autoremove*) for one in gcc libc6-dev libpython3-dev libextra old; do echo "Remv $one [1]"; done ;;
    esac""",
    )

    def build(uv, **variables):
        shell.fake("systemd-run", uv.format(have=have))
        script = f"rm() {{ echo rm $* >>{shell.calls_file}; }}; environment {shell.folder}/release"
        common = {"package_manager": "apt", "python": "python3", "gunicorn": "gunicorn==1", "logs": str(shell.folder)}
        return shell.run(script, "plumbline_machine.sh", "plumbline_release.sh", **(common | variables))

    return build


LACKS_GCC = """grep -qx gcc {have} || {{ echo 'error: Failed to build `a==1`'; echo 'no compiler: cc'; exit 1; }}
  echo installed"""


def test_what_a_build_lacks_is_there_for_as_long_as_that_takes(shell, building):
    result = building(LACKS_GCC)
    assert result.returncode == 0, result.stdout
    assert "to build a==1, for as long as that takes: gcc libc6-dev libpython3-dev\n" in result.stdout
    assert result.stdout.endswith("installed\n")
    assert "error: " not in result.stdout, "who looks for the cause of a later failure"
    calls = [call for call in shell.calls if "apt-get" in call]
    assert [call.split("--no-upgrade ")[1] for call in calls if "--no-upgrade" in call] == [
        "gcc libc6-dev libpython3-dev"
    ]
    # what the image had, nobody needs though it may be, stays
    assert [call.split("purge ")[1] for call in calls if "purge" in call] == ["gcc libc6-dev libextra libpython3-dev"]


def test_fails_a_build_that_lacks_what_nobody_knows_and_names_it(building):
    result = building(
        "echo 'error: Failed to build `a==1`'; echo 'a.c:1:1: fatal error: b.h: No such file or directory'; exit 1"
    )
    assert result.returncode == 1
    reason = result.stdout.splitlines()[-1]
    assert re.fullmatch(
        r"error: a==1 has no wheel for Python [\d.]+ and cannot be built: b\.h: No such file or directory", reason
    )


def test_nothing_is_installed_or_taken_away_where_nothing_is_built(shell, building):
    assert building("echo installed").returncode == 0
    assert [call for call in shell.calls if call.startswith(("apt", "dnf"))] == []


def test_what_a_private_index_asks_for_is_read_by_systemd_and_gone_after(shell, building):
    (shell.folder / "lib").mkdir()
    for name in ("plumbline_build.sh", "plumbline_build.py", "plumbline_build_needs"):
        (shell.folder / "lib" / name).symlink_to(RUNTIME / name)
    (shell.folder / "lib/plumbline_secrets.sh").write_text(f'echo "secrets $*: $(cat $2)" >>{shell.calls_file}')
    building("echo installed", package_secrets="UV_DEFAULT_INDEX ssm /pypi", lib=str(shell.folder / "lib"))
    list_of_it = f"{shell.folder}/package-secrets"
    written, unit = [call for call in shell.calls if call.startswith(("secrets", "systemd-run"))]
    assert written == f"secrets write {list_of_it} packages: UV_DEFAULT_INDEX ssm /pypi"
    assert " -p EnvironmentFile=-/run/plumbline-secrets/packages " in unit
    assert shell.calls[-1] == "rm -rf /var/cache/plumbline"
    assert "rm -f /run/plumbline-secrets/packages" in shell.calls


def test_what_builds_write_is_kept_in_part(shell, building):
    result = building(
        "echo 'error: Failed to build `a==1`'; head -c 9M /dev/zero | tr '\\0' -; echo; echo 'error: b'; exit 1"
    )
    assert result.returncode == 1
    assert result.stdout.endswith("cannot be built: error: b\n")
    assert (shell.folder / "packages").stat().st_size < 1 << 21


def test_builds_are_bounded_in_time_and_memory(shell, building):
    building("echo installed")
    unit = next(call for call in shell.calls if call.startswith("systemd-run"))
    assert re.search(r" -p RuntimeMaxSec=(600|599) -p MemoryMax=75% -p OOMScoreAdjust=500 ", unit)
