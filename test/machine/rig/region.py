"""A region: its network, the local AWS, instance metadata and the AWS endpoints. One stack is deployed to it."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from .certificates import certificates
from .deploy import Deployment, Stack
from .front import Record, front_handler, server_tls
from .http_server import Server, serve
from .imds import metadata_handler
from .instances import MOTO_PORT, Instance, Instances, client
from .network import INTERNET, LINK_LOCAL, NOBODY, Network
from .shell import wait_until
from .sites import Site, site_handler


class Region:
    def __init__(self, name: str, folder: Path, sites: tuple[Site, ...] = ()):
        self.folder = folder
        self.network = Network(name, {site.name: INTERNET if site.answers else NOBODY for site in sites})
        self._sites = sites
        self.instances = Instances()
        self.record = Record(folder / "calls.jsonl")
        self._servers: list[Server] = []

    def create(self) -> None:
        self.folder.mkdir(parents=True)
        self.network.create()
        with (self.folder / "moto.log").open("wb") as log:
            moto = [sys.executable, str(Path(__file__).with_name("moto_server.py")), "-p", str(MOTO_PORT)]
            # moto writes every request to its log; that of a whole deploy is small.
            self.network.spawn(moto, stdout=log, stderr=log, env=os.environ | {"PYTHONUNBUFFERED": "1"})
        wait_until("moto answers", self._moto_answers, 30)
        tls = certificates()
        self._servers = [
            serve(self.network, (LINK_LOCAL, 80), metadata_handler(self.instances)),
            serve(
                self.network,
                (LINK_LOCAL, 443),
                front_handler(self.instances, self.record, tls.authority.read_bytes()),
                server_tls(tls.certificate, tls.key),
            ),
        ]
        if self._sites:
            tls = certificates(tuple(site.name for site in self._sites))
            handler = site_handler(self._sites)
            self._servers.append(serve(self.network, (INTERNET, 443), handler, server_tls(tls.certificate, tls.key)))

    def _moto_answers(self) -> bool:
        try:
            self.network.connect(("127.0.0.1", MOTO_PORT), 1).close()
        except OSError:
            return False
        return True

    def deploy(self, app: str | None, context: Mapping[str, str]) -> tuple[Stack, Instance]:
        self._deployment = Deployment(self.network, self.folder, self.folder.parent, app)
        with self.network.inside():
            stack = self._deployment.run(context)
            found = client("ec2").describe_instances(InstanceIds=[stack.instance_id])
            address = found["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
            instance = self.instances.at(address)
            # Read while inside: what is cached here is asked for later from anywhere.
            _ = (instance.user_data, instance.role, instance.memory_mib)
        return stack, instance

    def synthesize(self, context: Mapping[str, str]) -> Path:
        """What the app would be with other context."""
        return self._deployment.synthesize(context)

    def deploy_again(self, instance: Instance, context: Mapping[str, str]) -> Stack:
        with self.network.inside():
            stack = self._deployment.run(context)
            instance.read_user_data()
        return stack

    def roll_back(self, instance: Instance, stack: Stack) -> None:
        with self.network.inside():
            self._deployment.roll_back(stack)
            instance.read_user_data()

    def remove(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self.network.remove()
