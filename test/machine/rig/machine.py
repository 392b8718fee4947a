"""Deploy, boot, serve: a whole stack in a region of its own."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import amazon_linux, rootfs
from .front import Call, Signal
from .guest import Guest
from .http_client import HttpClient, Response
from .load_balancer import BalancerSettings, LoadBalancer
from .region import Region
from .run import Run
from .shell import wait_until


@dataclass(frozen=True)
class Options:
    """What a scenario does to a machine that its template knows nothing of."""

    internet: bool = True
    disk_mib: int | None = None
    """The size of the whole disk that the machine can write to."""
    revoke: tuple[str, ...] = ()
    """Services whose statements are taken out of the role's policies before the boot."""
    amazon_linux: bool = False
    """Let the Debian guest answer to Amazon Linux' package names and paths."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files put on the image before the boot."""


class BootFailed(Exception):
    pass


class Machine:
    """One deployed stack with its machine and load balancer."""

    _numbers = itertools.count(1)

    def __init__(self, run: Run, app: str | None, context: Mapping[str, str], options: Options):
        number = next(self._numbers)
        self._run = run
        self.region = Region(f"{run.name}-{number}", run.folder / str(number))
        self._options = options
        try:
            self.region.create()
            self.stack, self.instance = self.region.deploy(app, context)
            self._prepare()
        except BaseException:
            self.close()
            raise

    guest: Guest | None = None

    def _prepare(self) -> None:
        options, network = self._options, self.region.network
        self.guest = Guest(network, "g1", self.instance, self.region.folder, rootfs.base())
        self.guest.create(self.instance.memory_mib, options.disk_mib)
        for path, content in options.files.items():
            self.guest.write(path, content)
        if options.amazon_linux:
            amazon_linux.install(self.guest)
        if not options.internet:
            network.cut_internet(self.instance.address)
        with network.inside():
            for service in options.revoke:
                self.instance.revoke(service)
        settings = BalancerSettings.of(self.stack.template)
        self.balancer = LoadBalancer(network, settings, self.instance.address, self.region.folder)
        self.http = HttpClient(network, self.balancer.address, self.stack.balancer_name)
        self.direct = HttpClient(network, (self.instance.address, settings.target_port), self.stack.balancer_name)

    def boot(self, seconds: float = 300) -> "Machine":
        """Boot, wait for the signal SUCCESS and for the first 200 through the load balancer."""
        self.guest.start()
        signal = self.signal(seconds)
        if signal.status != "SUCCESS":
            raise BootFailed(f"the machine signalled {signal.status} ({signal.unique_id})\n{self.story()}")
        self.wait_for_service()
        return self

    def signal(self, seconds: float = 300) -> Signal:
        """The signal to CloudFormation; BootFailed when none comes."""
        record = self.region.record
        with record.changed:
            came = record.changed.wait_for(lambda: record.signals or not self.guest.running, seconds)
        if not came or not record.signals:
            raise BootFailed(f"no signal within {seconds:g} s\n{self.story()}")
        return record.signals[0]

    def wait_for_service(self, seconds: float = 60) -> None:
        try:
            wait_until("200 through the load balancer", lambda: self._answers(), seconds, every=0.05)
        except TimeoutError as late:
            raise BootFailed(f"{late}\n{self.story()}") from None

    def _answers(self) -> bool:
        try:
            return self.get("/").status == 200
        except OSError:
            return False

    @property
    def calls(self) -> list[Call]:
        return self.region.record.calls

    def get(self, path: str, **options) -> Response:
        """GET through the load balancer."""
        return self.http.get(path, **options)

    def run(self, command: str, check: bool = True, timeout: float = 60) -> str:
        """The output of a shell command on the machine."""
        return self.guest.run(command, check, timeout).stdout.strip()

    def story(self) -> str:
        refused = "\n".join(f"{c.service}:{c.action} {c.refused}" for c in self.calls if c.refused)
        return f"{self.guest.story()}\n--- refused calls\n{refused or 'none'}"

    def close(self) -> None:
        if self.guest:
            self.guest.stop()
            self.guest.destroy()
        self.region.remove()
        self._run.discard(self.region.folder)
