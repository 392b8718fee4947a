"""A volume is formatted only where it is provably empty. Real blkid, cmp and mkfs, on files instead of devices."""

import os
import subprocess

import pytest

MIB = 1 << 20
SIZE = 64 * MIB
NOT_FORMATTED = "not formatted"


@pytest.fixture
def volume(shell, tmp_path, monkeypatch):
    """A file that stands for the device; what is written to it by `file_system` is seen by comparing."""
    # it asks devices alone
    shell.fake("blockdev", 'stat -c %s "$2"')
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin:/sbin")
    path = tmp_path / "volume"
    path.write_bytes(b"")
    os.truncate(path, SIZE)
    return path


def write(volume, offset, content):
    with volume.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def file_system(shell, volume, new=True):
    variables = {"data_volume": "vol-0123456789abcdef0", **({"new_volume": "true"} if new else {})}
    return shell.run(f'file_system "{volume}"', "plumbline_volume.sh", **variables)


def refused(shell, volume, *parts, new=True):
    """Told in a sentence that names the volume, and left as it was."""
    before = volume.read_bytes() if volume.is_file() else None
    result = file_system(shell, volume, new)
    assert result.returncode != 0
    sentence = result.stdout.splitlines()[-1]
    assert sentence.startswith("vol-0123456789abcdef0 ")
    for part in parts:
        assert part in sentence
    assert (volume.read_bytes() if volume.is_file() else None) == before


def kind_of(volume):
    return subprocess.run(["blkid", "-p", "-s", "TYPE", "-o", "value", volume], capture_output=True, text=True).stdout


def test_a_new_volume_of_zeroes_is_formatted(shell, volume):
    result = file_system(shell, volume)
    assert result.returncode == 0, result.stdout
    assert kind_of(volume) == "ext4\n"


@pytest.mark.parametrize("new", [True, False])
def test_a_volume_with_ext4_keeps_it(shell, volume, new):
    subprocess.run(["mkfs.ext4", "-q", volume], check=True)
    before = volume.read_bytes()
    assert file_system(shell, volume, new).returncode == 0
    assert volume.read_bytes() == before


def test_fails_on_a_given_volume_that_is_empty(shell, volume):
    refused(shell, volume, "is empty", NOT_FORMATTED, "snapshotId", new=False)


# Signatures as the tools write them, at their places: wipefs(8), libblkid/src/superblocks
PARTITION = b"\0\0\0\0\x83\0\0\0" + (2048).to_bytes(4, "little") + (4096).to_bytes(4, "little")
SIGNATURES = {
    "xfs": [(0, b"XFSB\0\0\x10\0")],
    "btrfs": [(64 * 1024 + 64, b"_BHRfS_M")],
    "LVM2_member": [(512, b"LABELONE" + (1).to_bytes(8, "little")), (512 + 24, b"LVM2 001")],
    "crypto_LUKS": [(0, b"LUKS\xba\xbe\0\x01")],
    "dos": [(446, PARTITION), (510, b"\x55\xaa")],
    "md, version 1.2": [(4096, bytes.fromhex("fc4e2ba901000000"))],
    "md, version 1.0, at the end": [(SIZE - 8192, bytes.fromhex("fc4e2ba901000000"))],
    "the copy of a GPT at the end": [(SIZE - 512, b"EFI PART")],
    "what looks random": [(0, bytes(range(256)) * 16)],
    "one byte near the end": [(SIZE - 1, b"\x01")],
}


@pytest.mark.parametrize("kind", SIGNATURES)
@pytest.mark.parametrize("new", [True, False])
def test_fails_on_a_volume_with(shell, volume, kind, new):
    for offset, content in SIGNATURES[kind]:
        write(volume, offset, content)
    refused(shell, volume, new=new)


def test_fails_on_a_volume_whose_ext4_has_lost_all_but_the_copy_of_its_superblock(shell, volume):
    os.truncate(volume, 160 * MIB)
    subprocess.run(["mkfs.ext4", "-q", "-b", "4096", volume], check=True)
    write(volume, 0, bytes(4 * MIB))
    refused(shell, volume, "is not empty", NOT_FORMATTED)


@pytest.mark.parametrize("tool", ["mkswap", "mkfs.ext3"])
def test_fails_on_what_other_tools_have_written(shell, volume, tool):
    subprocess.run([tool, volume], check=True, capture_output=True)
    refused(shell, volume, "instead of ext4")


def test_fails_where_blkid_says_that_there_is_nothing_because_it_cannot_read(shell, volume):
    shell.fake("mkfs.ext4")
    shell.fake("blkid", "exit 2")
    shell.fake("cmp", 'echo "cmp: $6: Input/output error" >&2\nexit 2')
    refused(shell, volume, "cannot be read", NOT_FORMATTED)
    assert not any(call.startswith("mkfs") for call in shell.calls)


def test_fails_where_only_the_end_cannot_be_read(shell, volume):
    shell.fake("mkfs.ext4")
    shell.fake("cmp", '[ "$5" = 0:0 ] || exit 2')
    refused(shell, volume, "cannot be read", str(SIZE - 4 * MIB))
    assert not any(call.startswith("mkfs") for call in shell.calls)


def test_fails_on_a_device_whose_reads_fail(shell, volume, tmp_path):
    # reading a folder is an error of the kernel, not one of a fake
    folder = tmp_path / "folder"
    folder.mkdir()
    shell.fake("blockdev", f"echo {SIZE}")
    refused(shell, folder, NOT_FORMATTED)


def test_fails_where_blkid_is_ambivalent(shell, volume):
    shell.fake("blkid", "exit 8")
    refused(shell, volume, "wipefs")


@pytest.mark.parametrize("size", [0, 512, 8 * MIB - 1])
def test_fails_on_a_device_that_is_too_small_to_hold_anything(shell, volume, size):
    os.truncate(volume, size)
    refused(shell, volume, f"{size} bytes")


def test_fails_where_the_size_is_not_known(shell, volume):
    shell.fake("blockdev", "exit 1")
    refused(shell, volume, "0 bytes")


def mount_volume(shell, volume):
    shell.fake("mountpoint", "exit 1")
    steps = 'in_fstab() { echo "fstab: $1"; }\nmounted() { echo "mounted $1"; }'
    script = f'{steps}\nmount_volume "{volume}" /srv/data'
    return shell.run(script, "plumbline_volume.sh", data_volume="vol-0123456789abcdef0")


def test_fstab_names_the_volume_itself_since_what_is_made_from_its_snapshot_has_the_same_uuid(shell, volume):
    subprocess.run(["mkfs.ext4", "-q", volume], check=True)
    result = mount_volume(shell, volume)
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "mounted /srv/data")
    assert f"fstab: {volume} /srv/data ext4 " in result.stdout


@pytest.mark.parametrize(
    ("damage", "is_mounted"),
    [("set_super_value state 2", True), ("set_inode_field <11> block[0] 5", False)],
    ids=["that can be repaired", "that cannot"],
)
def test_a_file_system_with_damage(shell, volume, damage, is_mounted):
    subprocess.run(["mkfs.ext4", "-q", volume], check=True)
    for request in ("set_super_value state 2", damage):
        subprocess.run(["debugfs", "-w", "-R", request, volume], check=True, capture_output=True)
    result = mount_volume(shell, volume)
    assert (result.returncode == 0) == is_mounted
    assert ("mounted /srv/data" in result.stdout) == is_mounted
    if not is_mounted:
        assert result.stdout.splitlines()[-1].startswith("vol-0123456789abcdef0 cannot be mounted: ")


CLUSTER = {"database": "postgresql", "cluster": "17/main", "cluster_version": "17"}
MARIADB = ("mysql/aria_log_control", "mysql/ibdata1", "mysql/mysql/db.MAI")
SQLITE = {"database": "sqlite", "database_file": "/srv/data/sqlite/app.sqlite3"}
MYSQL = ("mysql/mysql.ibd", "mysql/ibdata1", "mysql/undo_001")


def fits(shell, tmp_path, files, new=False, **variables):
    data = tmp_path / "data"
    for path, text in files.items() if isinstance(files, dict) else dict.fromkeys(files, "").items():
        (data / path).parent.mkdir(parents=True, exist_ok=True)
        (data / path).write_text(text)
    (data / "lost+found").mkdir(parents=True, exist_ok=True)
    variables |= {"data_volume": "vol-0123456789abcdef0"} | ({"new_volume": "true"} if new else {})
    result = shell.run(f'fits_server "{data}"', "plumbline_volume.sh", **variables)
    return result.stdout.strip() if result.returncode else None


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize(
    ("variables", "files"),
    [
        (CLUSTER, {"postgresql/17/main/PG_VERSION": "17\n", "postgresql/17/main/base/1/PG_VERSION": "17\n"}),
        (CLUSTER, {"postgresql/17/main/PG_VERSION": "17\n", "postgresql/16/main/PG_VERSION": "16\n"}),
        (CLUSTER | {"cluster": "data"}, {"postgresql/data/PG_VERSION": "17\n"}),
        ({"database": "mariadb"}, MARIADB),
        ({"database": "mysql"}, MYSQL),
        # where nothing but uploads is wanted, and where they came later
        ({}, ["media/photo.jpg"]),
        ({}, [*MARIADB, "media/photo.jpg"]),
        ({"database": "mariadb"}, [*MARIADB, "media/photo.jpg"]),
        (SQLITE, {"sqlite/app.sqlite3": ""}),
    ],
)
def test_a_server_gets_the_data_of_its_like(shell, tmp_path, variables, files, new):
    assert fits(shell, tmp_path, files, new, **variables) is None


@pytest.mark.parametrize("database", [CLUSTER, {"database": "mariadb"}, {"database": "mysql"}, SQLITE, {}])
def test_a_new_volume_has_no_data_yet(shell, tmp_path, database):
    assert fits(shell, tmp_path, (), new=True, **database) is None


def test_another_server_may_begin_beside_the_one_before_on_the_volume_of_this_stack(shell, tmp_path):
    assert fits(shell, tmp_path, MARIADB, new=True, **CLUSTER) is None


@pytest.mark.parametrize(
    ("variables", "files", "sentence"),
    [
        (
            CLUSTER,
            {"postgresql/16/main/PG_VERSION": "16\n"},
            "has PostgreSQL in postgresql/16/main, this machine wants 17/",
        ),
        (
            CLUSTER,
            {"postgresql/data/PG_VERSION": "17\n"},
            "has PostgreSQL in postgresql/data, this machine wants 17/main",
        ),
        (
            CLUSTER | {"cluster": "data"},
            {"postgresql/data/PG_VERSION": "16\n"},
            "has PostgreSQL 16 and this machine 17",
        ),
        ({"database": "mariadb"}, MYSQL, "has data of MySQL, which MariaDB cannot read"),
        ({"database": "mysql"}, MARIADB, "has data of MariaDB, which MySQL cannot read"),
    ],
)
@pytest.mark.parametrize("new", [True, False])
def test_fails_on_data_of_another_server(shell, tmp_path, variables, files, sentence, new):
    told = fits(shell, tmp_path, files, new, **variables)
    assert told.startswith(f"vol-0123456789abcdef0 {sentence}")


@pytest.mark.parametrize(
    ("variables", "files", "kind", "there"),
    [
        (CLUSTER, MARIADB, "data of postgresql", "mysql"),
        ({"database": "mariadb"}, {"postgresql/17/main/PG_VERSION": "17\n"}, "data of mariadb", "postgresql"),
        ({"database": "mysql"}, {"photos/1.jpg": ""}, "data of mysql", "photos"),
        ({}, MARIADB, "media", "mysql"),
        (SQLITE, MARIADB, "data of sqlite", "mysql"),
    ],
)
def test_fails_on_a_given_volume_without_data_of_the_server(shell, tmp_path, variables, files, kind, there):
    told = fits(shell, tmp_path, files, **variables)
    assert told.startswith(f"vol-0123456789abcdef0 has no {kind}, only ")
    assert there in told
