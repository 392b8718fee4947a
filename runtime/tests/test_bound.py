"""Folders with a file system of their own, with what would mount one played by others."""

import pytest

MIB = 1 << 20


@pytest.fixture
def bound(shell):
    mounts = shell.folder / "mounts"
    mounts.touch()
    shell.fake("mountpoint", f'grep -qx "$2" {mounts}')
    shell.fake("mount", f'if [ $# = 1 ]; then exit 32; fi; [ ! -e {shell.folder}/no-loop ] && echo "$4" >>{mounts}')
    shell.fake("findmnt", "echo /dev/loop7")
    for command in ("mkfs.ext4", "losetup", "resize2fs"):
        shell.fake(command)

    def bound(folder, mebibytes):
        script = f'in_fstab() {{ echo "$1" >>fstab; }}; bound {shell.folder}/{folder} {mebibytes}'
        result = shell.run(script, "plumbline_machine.sh", images=str(shell.folder / "images"))
        assert result.returncode == 0, result.stdout
        return result.stdout

    return bound


def images(shell):
    return {image.name.rpartition("-")[2]: image.stat() for image in (shell.folder / "images").iterdir()}


def calls(shell, *commands):
    return [call for call in shell.calls if call.split()[0] in commands]


def test_a_folder_gets_a_file_system_that_takes_its_room_on_the_disk_at_once(shell, bound):
    assert bound("uploads", 3) == ""
    image = images(shell)["uploads.img"]
    assert image.st_size == 3 * MIB
    assert image.st_blocks * 512 >= 3 * MIB
    assert image.st_mode & 0o777 == 0o600


def test_it_is_mounted_at_each_boot_before_nginx_starts_which_starts_without_it_too(shell, bound):
    bound("uploads", 3)
    fields = (shell.folder / "fstab").read_text().split()
    assert fields[1:3] == [f"{shell.folder}/uploads", "ext4"]
    options = fields[3].split(",")
    assert {"loop", "nofail", "x-systemd.before=nginx.service", "nodev", "nosuid", "noexec"} == set(options)


def test_where_none_can_be_mounted_nothing_is_left_of_it_and_the_machine_goes_on(shell, bound):
    (shell.folder / "no-loop").touch()
    said = f"{shell.folder}/uploads has no file system of its own, so what fills it fills the disk\n"
    assert bound("uploads", 3) == said
    assert images(shell) == {}
    assert not (shell.folder / "fstab").exists()
    assert (shell.folder / "uploads").is_dir()


def test_where_the_disk_has_no_room_for_it_nothing_is_left_of_it_and_the_machine_goes_on(shell, bound):
    shell.fake("fallocate", 'touch "${@: -1}"; exit 1')
    assert "has no file system of its own" in bound("uploads", 3)
    assert images(shell) == {}


def test_it_grows_with_the_plan_while_it_is_in_use(shell, bound):
    bound("uploads", 3)
    assert bound("uploads", 5) == ""
    assert images(shell)["uploads.img"].st_size == 5 * MIB
    assert calls(shell, "losetup", "resize2fs") == ["losetup -c /dev/loop7", "resize2fs /dev/loop7"]
    assert len(calls(shell, "mkfs.ext4")) == 1


@pytest.mark.parametrize("mebibytes", [5, 3])
def test_it_is_left_alone_where_it_is_as_large_as_planned_or_larger(shell, bound, mebibytes):
    bound("uploads", 5)
    bound("uploads", mebibytes)
    assert images(shell)["uploads.img"].st_size == 5 * MIB
    assert calls(shell, "losetup", "resize2fs") == []
    assert len(calls(shell, "mkfs.ext4")) == 1


def test_what_is_planned_without_any_has_a_folder_alone(shell, bound):
    assert bound("responses", 0) == ""
    assert (shell.folder / "responses").is_dir()
    assert images(shell) == {}
