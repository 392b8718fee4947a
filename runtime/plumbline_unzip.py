"""Unpacks an archive, and keeps what may be executed: `python -m zipfile` drops the bit.

plumbline_unzip.py ARCHIVE FOLDER
"""

import os
import stat
import sys
import zipfile


def main(archive, folder):
    os.mkdir(folder)
    with zipfile.ZipFile(archive) as file:
        for entry in file.infolist():
            path = file.extract(entry, folder)
            mode = entry.external_attr >> 16  # 0 where the archive was made elsewhere than on UNIX
            if stat.S_IFMT(mode) in (0, stat.S_IFREG) and mode & 0o111 and not entry.is_dir():
                os.chmod(path, os.stat(path).st_mode | 0o110)


if __name__ == "__main__":
    main(*sys.argv[1:])
