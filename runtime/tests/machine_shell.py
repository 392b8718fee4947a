"""Steps of the bootstrap in a shell of their own, in seconds instead of a boot: what would change a machine or call AWS
is played by small programs that come first in the path and write down how they were called."""

import os
import subprocess
from pathlib import Path

RUNTIME = Path(__file__).parent.parent


class MachineShell:
    def __init__(self, folder: Path):
        self.folder = folder
        self.calls_file = folder / "calls"
        self.fakes = folder / "bin"
        self.fakes.mkdir()

    def fake(self, command: str, script: str = "exit 0") -> None:
        """`script` is the rest of a bash script that has noted the call."""
        program = self.fakes / command
        program.write_text(f'#!/bin/bash\necho "{command} $*" >>"{self.calls_file}"\n{script}\n')
        program.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    def run(self, script: str, *sources: str, **variables: str) -> subprocess.CompletedProcess:
        """Runs a script after the files of `runtime` that it needs, with the user data's variables."""
        sourced = [f'. "{RUNTIME / source}"' for source in sources]
        return subprocess.run(
            ["bash", "-c", "\n".join(["set -euo pipefail", *sourced, script])],
            env={**os.environ, "PATH": f"{self.fakes}:{os.environ['PATH']}", "lib": str(RUNTIME), **variables},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
        )
