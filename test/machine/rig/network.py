"""The region's network: a namespace with a way out in user space, its own DNS, and a veth for each machine."""

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from . import endpoints
from .shell import sh

LINK_LOCAL = "169.254.169.254"  # instance metadata, the AWS APIs and the machines' gateway
DNS = "169.254.169.253"
BALANCER = "10.0.255.254"
DUAL_STACK = "2001:db8:ffff::fe"  # of the load balancer, for clients of IPv6; its targets have IPv4
DATABASE = "10.255.255.10"
CACHE = "10.255.255.11"
INTERNET = "198.51.100.1"  # the hosts of it that the rig plays
NOBODY = "10.255.255.254"
VPC_RANGE = "10.0.0.0/8"
CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


class Network:
    def __init__(self, name: str, hosts: Mapping[str, str] = {}):
        """`hosts` are addresses of names besides AWS'."""
        self.name = name
        self._hosts = hosts
        self.path = f"/run/netns/{name}"
        self._servers: list[subprocess.Popen] = []

    def create(self) -> None:
        sh("ip", "netns", "add", self.name)
        self.ip("link", "set", "lo", "up")
        for address in (LINK_LOCAL, DNS, BALANCER, INTERNET):
            self.ip("addr", "add", f"{address}/32", "dev", "lo")
        self.ip("addr", "add", f"{DUAL_STACK}/128", "dev", "lo")
        # A machine's own route overrides this one: a request to a machine that is gone fails at once and never leaves.
        self.ip("route", "add", "blackhole", VPC_RANGE)
        with self.inside():
            sh("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self._start_way_out()
        self.nft(
            "table ip rig {"
            " chain post { type nat hook postrouting priority srcnat; oifname up0 masquerade; };"
            " chain out { type filter hook forward priority filter; };"
            " }"
        )
        self._start_dns()

    def _start_way_out(self) -> None:
        ready, ready_end = os.pipe()
        self._servers.append(
            subprocess.Popen(
                [
                    "slirp4netns",
                    "--configure",
                    "--mtu=1400",
                    "--netns-type=path",
                    "--disable-host-loopback",
                    "--cidr=169.254.77.0/24",
                    f"--ready-fd={ready_end}",
                    self.path,
                    "up0",
                ],
                pass_fds=[ready_end],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        os.close(ready_end)
        if not os.read(ready, 1):
            raise RuntimeError("slirp4netns did not start")
        os.close(ready)

    def _start_dns(self) -> None:
        # The wildcard also catches AWS names that nobody thought of: they reach the front and are recorded.
        self.spawn(
            [
                "dnsmasq",
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--no-hosts",
                "--no-resolv",
                "--server=169.254.77.3",
                f"--address=/amazonaws.com/{LINK_LOCAL}",
                f"--address=/elb.amazonaws.com/{BALANCER}",
                f"--address=/{endpoints.DATABASE}/{DATABASE}",
                f"--address=/{endpoints.CACHE}/{CACHE}",
                *(f"--address=/{name}/{address}" for name, address in self._hosts.items()),
                f"--listen-address={DNS}",
                "--bind-interfaces",
                "--user=root",
                "--group=root",
                "--pid-file=",
            ]
        )

    def spawn(self, command: list[str], **options) -> subprocess.Popen:
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | options
        with self.inside():
            process = subprocess.Popen(command, **options)
        self._servers.append(process)
        return process

    def ip(self, *arguments: str) -> None:
        sh("ip", "-n", self.name, *arguments)

    def nft(self, rules: str) -> None:
        with self.inside():
            sh("nft", rules)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This thread, and every process and thread that it starts, in the region's network.

        Sockets stay in the network where they were made.
        """
        home, there = os.open("/proc/thread-self/ns/net", os.O_RDONLY), os.open(self.path, os.O_RDONLY)
        try:
            _enter(there)
            yield
        finally:
            _enter(home)
            os.close(home)
            os.close(there)

    def connect(self, address: tuple[str, int], timeout: float) -> socket.socket:
        with self.inside():
            return socket.create_connection(address, timeout)

    def add_machine(self, link: str, address: str) -> str:
        """A machine's namespace and its veth; the address is the one that the instance has in EC2."""
        namespace = f"{self.name}-{link}"
        sh("ip", "netns", "add", namespace)
        sh("ip", "link", "add", link, "netns", self.name, "type", "veth", "peer", "name", "ens5", "netns", namespace)
        self.ip("link", "set", link, "up")
        self.ip("route", "add", f"{address}/32", "dev", link, "src", BALANCER)
        for arguments in (
            "link set lo up",
            f"addr add {address}/32 dev ens5",
            "link set ens5 up",
            f"route add {LINK_LOCAL} dev ens5",
            f"route add default via {LINK_LOCAL}",
        ):
            sh("ip", "-n", namespace, *arguments.split())
        return namespace

    def remove_machine(self, link: str) -> None:
        # Deleting the namespace removes the link later, on its own time: delete it by name first.
        sh("ip", "-n", self.name, "link", "del", link, check=False)
        sh("ip", "netns", "del", f"{self.name}-{link}", check=False)

    def cut_internet(self, address: str) -> None:
        """As in a subnet without a way out: AWS' endpoints answer, everything else is dropped."""
        self.nft(f"add rule ip rig out ip saddr {address} oifname up0 drop")

    def remove(self) -> None:
        for server in reversed(self._servers):
            server.kill()
            server.wait()
        sh("ip", "netns", "del", self.name)


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
