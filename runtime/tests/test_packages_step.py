"""What the step that installs is told to install is what is asked for."""

import os
import subprocess
from pathlib import Path

STEP = Path(__file__).parent.parent / "plumbline_packages.sh"


def test_the_file_the_groups_and_the_extras_that_are_chosen_are_asked_for(tmp_path):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nshift\necho "$@"\nexit 9\n')
    python.chmod(0o755)
    arguments = [
        "uv",
        str(python),
        "gunicorn==1",
        "deploy/list.txt",
        "aws,eu",
        "prod,mail",
        "services/web",
        "pyyaml:yaml",
    ]
    cache = os.environ | {"CACHE_DIRECTORY": str(tmp_path)}
    step = subprocess.run(["bash", str(STEP), *arguments], env=cache, cwd=tmp_path, capture_output=True, text=True)
    asked = f"{tmp_path}/wanted --uv uv --python {python} --server gunicorn==1 --requirements deploy/list.txt"
    asked += " --group aws --group eu"
    assert step.stdout == f"{asked} --extra prod --extra mail --application services/web\n"
    assert step.returncode == 9
