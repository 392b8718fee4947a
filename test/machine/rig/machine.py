"""Deploy, boot, serve: a whole stack in a region of its own."""

import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import amazon_linux, rootfs
from .front import Call, Signal
from .guest import Guest
from .http_client import HttpClient, Response
from .load_balancer import BalancerSettings, LoadBalancer
from .managed_cache import ManagedCache
from .managed_database import ManagedDatabase
from .region import Region
from .run import Run
from .shell import wait_until
from .sites import Site
from .volumes import Volume


@dataclass(frozen=True)
class Options:
    """What a scenario does to a machine that its template knows nothing of."""

    internet: bool = True
    disk_mib: int | None = None
    """The size of the whole disk that the machine can write to."""
    volume_gibibytes: int | None = None
    """A disk that is a file system of its own, with loop devices for those that the machine makes on it."""
    revoke: tuple[str, ...] = ()
    """Services whose statements are taken out of the role's policies before the boot."""
    amazon_linux: bool = False
    """Let the Debian guest answer to Amazon Linux' package names and paths."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files put on the image before the boot."""
    sites: tuple[Site, ...] = ()
    """Hosts of the internet that are played."""
    snapshot: Path | None = None
    """What its volume is made from, where the template asks for a snapshot."""


class BootFailed(Exception):
    pass


class DeploymentFailed(Exception):
    """The stack was rolled back."""

    def __init__(self, signals: list[Signal]):
        self.reasons = [signal.unique_id for signal in signals]
        super().__init__(", ".join(self.reasons) or "no signal")


class Machine:
    """One deployed stack with its machine and load balancer."""

    _numbers = itertools.count(1)

    def __init__(self, run: Run, app: str | None, context: Mapping[str, str], options: Options):
        number = next(self._numbers)
        self._run = run
        self.region = Region(f"{run.name}-{number}", run.folder / str(number), options.sites)
        self._options = options
        self._volumes: list[Volume] = []
        self.database: ManagedDatabase | None = None
        self.cache: ManagedCache | None = None
        self._context = dict(context)
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
        self.guest.create(self.instance.memory_mib, options.disk_mib, options.volume_gibibytes)
        for path, content in options.files.items():
            self.guest.write(path, content)
        if options.amazon_linux:
            amazon_linux.install(self.guest)
        if not options.internet:
            network.cut_internet(self.instance.address)
        template = self.stack.template
        kinds = {resource["Type"] for resource in template["Resources"].values()}
        if "AWS::RDS::DBInstance" in kinds:
            self.database = ManagedDatabase(network, self.region.folder, template)
        if "AWS::ElastiCache::ReplicationGroup" in kinds:
            self.cache = ManagedCache(network, self.region.folder, template, self.stack.name)
        with network.inside():
            for service in options.revoke:
                self.instance.revoke(service)
        settings = BalancerSettings.of(template)
        self.balancer = LoadBalancer(network, settings, self.instance.address, self.region.folder)
        self.http = HttpClient(network, self.balancer.address, self.stack.balancer_name)
        self.direct = HttpClient(network, (self.instance.address, settings.target_port), self.stack.balancer_name)

    def start(self) -> None:
        """The first boot. CloudFormation attaches volumes once the instance runs, so its script waits for them."""
        self.guest.start()
        if self.stack.volumes:
            time.sleep(4)
        for volume_id, gibibytes in self.stack.volumes.items():
            self._volumes.append(Volume(volume_id, gibibytes, self.region.folder, self._options.snapshot))
            self._volumes[-1].attach(self.guest.devices)

    def boot(self, seconds: float = 300) -> "Machine":
        """Boot, wait for the signal SUCCESS and for the first 200 through the load balancer."""
        self.start()
        signal = self.signal(seconds)
        if signal.status != "SUCCESS":
            raise BootFailed(f"the machine signalled {signal.status} ({signal.unique_id})\n{self.story()}")
        self.region.record.complete |= self.stack.conditions
        self.wait_for_service()
        return self

    def signal(self, seconds: float = 300) -> Signal:
        """The signal to CloudFormation; BootFailed when none comes."""
        record = self.region.record
        end = time.monotonic() + seconds
        with record.changed:
            # A guest that has ended notifies nobody.
            while not record.signals and self.guest.running and time.monotonic() < end:
                record.changed.wait(1)
        if not record.signals:
            lacking = f"no signal within {seconds:g} s" if self.guest.running else "ended without a signal"
            raise BootFailed(f"{lacking}\n{self.story()}")
        return record.signals[0]

    def snapshot(self, file: Path) -> None:
        """Of its one volume, while it works."""
        (volume,) = self._volumes
        with self.guest.cgroup.stopped():
            volume.snapshot(file)

    def update(self, context: Mapping[str, str], seconds: float = 300) -> None:
        """Deploy the app again, with other context; DeploymentFailed when it was rolled back.

        As CloudFormation does it: an instance whose user data changes is stopped, keeps its disks and starts again;
        then the new wait conditions are waited for, and without their SUCCESS everything goes back.
        """
        before, user_data = self.stack, self.instance.user_data
        self._context |= context
        self.stack = self.region.deploy_again(self.instance, self._context)
        if self.stack.instance_id != before.instance_id:
            raise ValueError("the instance would be replaced: boot a machine for that")
        self._balance()
        # A change back makes a condition with the id of an earlier one; it is a new one that waits for a new signal.
        made = self.stack.conditions - before.conditions
        self.region.record.complete -= made
        since = len(self.region.record.signals)
        if self.instance.user_data != user_data:
            self._restart()
        for condition in made:
            signals = self._signals_for(condition, since, seconds)
            if [signal.status for signal in signals] != ["SUCCESS"]:
                self.region.roll_back(self.instance, before)
                self.stack = before
                self._balance()
                self._restart()
                self.wait_for_service()
                raise DeploymentFailed(signals)
        self.wait_for_service()

    def replace(self) -> None:
        """The same instance with a new disk: all that another one would find is what is outside of it."""
        self.guest.stop(120)
        self.guest.destroy()
        self.guest = Guest(self.region.network, "g2", self.instance, self.region.folder, rootfs.base())
        self.guest.create(self.instance.memory_mib, None)
        self.region.record.complete.clear()
        self.guest.start()
        self.wait_for_service(300)

    def change(self, context: Mapping[str, str]) -> None:
        """Update where the context differs."""
        if not context.items() <= self._context.items():
            self.update(context)

    def rendered(self, path: str, context: Mapping[str, str]) -> str:
        """A file as the app would have it with other context, of those that hold no token."""
        assembly = self.region.synthesize(self._context | context)
        return next(assembly.glob(f"asset.*/files/{path}")).read_text()

    @property
    def plan(self) -> dict[str, Any]:
        """What the app gives out of its plan."""
        return json.loads(self.stack.template["Outputs"]["Plan"]["Value"])

    def _restart(self) -> None:
        self.guest.stop(120)
        self.guest.seed()
        self.guest.start()

    def _balance(self) -> None:
        settings = BalancerSettings.of(self.stack.template)
        if settings != self.balancer.settings:
            self.balancer.stop()
            self.balancer = LoadBalancer(self.region.network, settings, self.instance.address, self.region.folder)

    def _signals_for(self, resource: str, since: int, seconds: float) -> list[Signal]:
        """The first signal for a resource after so many signals to all; the resource then takes no other."""
        record = self.region.record

        def signals() -> list[Signal]:
            return [signal for signal in record.signals[since:] if signal.resource == resource]

        with record.changed:
            record.changed.wait_for(lambda: signals() or not self.guest.running, seconds)
            record.complete.add(resource)
            return signals()

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
        for volume in self._volumes:
            volume.remove()
        for managed in (self.database, self.cache):
            if managed:
                managed.remove()
        self.region.remove()
        self._run.discard(self.region.folder)
