"""Which Python this process runs, and what of it comes from elsewhere."""

import json
import signal
import sys

import fast
import markupsafe._speedups


def about():
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return {
        "version": ".".join(map(str, sys.version_info[:3])),
        "base": sys.base_prefix,
        "extension of a wheel": markupsafe._speedups.__file__.rpartition(".")[2],
        "extension that was built": fast.made_for(),
        "of the system": sorted(file for file in files if file and file.startswith("/usr/lib/")),
    }


if __name__ == "__main__":
    print(json.dumps(about()), flush=True)
    signal.pause()
