"""HAProxy as the application load balancer: every number is from the synthesized template."""

import csv
import io
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .certificates import certificates
from .network import BALANCER, DUAL_STACK, Network
from .shell import wait_until

SITE = "shop.example"  # whom its certificate is for


@dataclass(frozen=True)
class BalancerSettings:
    idle_timeout: int
    target_port: int
    path: str
    interval: int
    check_timeout: int
    healthy_count: int
    unhealthy_count: int
    status: str
    scheme: str = "http"
    """What the target is told that clients speak: as the template says, although they speak HTTP to the rig."""
    tls: bool = False
    """Whether they do speak TLS to it, as to one with an HTTPS listener."""

    @staticmethod
    def of(template: dict[str, Any]) -> "BalancerSettings":
        balancer = _only(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
        group = _only(template, "AWS::ElasticLoadBalancingV2::TargetGroup")
        attributes = {a["Key"]: a["Value"] for a in balancer.get("LoadBalancerAttributes", [])}
        # Where the template is silent: the defaults of the load balancer itself.
        return BalancerSettings(
            idle_timeout=int(attributes.get("idle_timeout.timeout_seconds", 60)),
            target_port=int(group["Port"]),
            path=group.get("HealthCheckPath", "/"),
            interval=int(group.get("HealthCheckIntervalSeconds", 30)),
            check_timeout=int(group.get("HealthCheckTimeoutSeconds", 5)),
            healthy_count=int(group.get("HealthyThresholdCount", 5)),
            unhealthy_count=int(group.get("UnhealthyThresholdCount", 2)),
            status=group.get("Matcher", {}).get("HttpCode", "200"),
            scheme="https" if any(_protocol(r) == "HTTPS" for r in template["Resources"].values()) else "http",
        )


def _protocol(resource: dict[str, Any]) -> str | None:
    if resource["Type"] != "AWS::ElasticLoadBalancingV2::Listener":
        return None
    return resource["Properties"].get("Protocol")


def _only(template: dict[str, Any], resource_type: str) -> dict[str, Any]:
    found = [r for r in template["Resources"].values() if r["Type"] == resource_type]
    if len(found) != 1:
        raise ValueError(f"the template has {len(found)} of {resource_type}, the rig wants one")
    return found[0].get("Properties", {})


class LoadBalancer:
    def __init__(self, network: Network, settings: BalancerSettings, target: str, folder: Path, port: int = 80):
        self.settings = settings
        self.address = (BALANCER, port)
        self.dual_stack_address = (DUAL_STACK, port)
        self.log = folder / f"balancer-{port}.log"
        stats = folder / f"balancer-{port}.sock"
        stats.unlink(missing_ok=True)
        self._stats = str(stats)
        config = folder / f"balancer-{port}.cfg"
        config.write_text(_haproxy(settings, target, port, self._stats, _pem(folder) if settings.tls else None))
        with self.log.open("wb") as log:
            self._process = network.spawn(["haproxy", "-db", "-f", str(config)], stdout=log, stderr=log)
        wait_until("the load balancer listens", lambda: Path(self._stats).exists(), 10)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def target_health(self) -> str:
        """UP or DOWN, as the load balancer's own health checks say."""
        return self._server()["status"].split()[0]

    def failed_checks(self) -> int:
        return int(self._server()["chkfail"])

    def _server(self) -> dict[str, str]:
        with socket.socket(socket.AF_UNIX) as stats:
            stats.settimeout(5)
            stats.connect(self._stats)
            stats.sendall(b"show stat\n")
            text = b"".join(iter(lambda: stats.recv(65536), b"")).decode()
        return next(row for row in csv.DictReader(io.StringIO(text.removeprefix("# "))) if row["svname"] == "machine")


def _pem(folder: Path) -> Path:
    made = certificates((SITE,))
    pem = folder / "balancer.pem"
    pem.write_text(made.certificate.read_text() + made.key.read_text())
    return pem


def _haproxy(settings: BalancerSettings, target: str, port: int, stats: str, pem: Path | None) -> str:
    idle = f"{settings.idle_timeout}s"
    tls = f" ssl crt {pem}" if pem else ""
    # A purge delay as long as the idle timeout: HAProxy would drop idle connections to the target after seconds, which
    # hides every keep-alive race. Without `downinter` a target that failed while it booted is looked at far too late.
    return f"""\
global
    stats socket {stats} level admin
    log stdout format raw local0
defaults
    mode http
    log global
    option httplog
    option forwardfor
    retries 0
    http-reuse always
    timeout connect 10s
    timeout client {idle}
    timeout server {idle}
    timeout http-keep-alive {idle}
    timeout check {settings.check_timeout}s
frontend listener
    bind {BALANCER}:{port}{tls}
    bind [{DUAL_STACK}]:{port}{tls}
    http-request set-header X-Forwarded-Proto {settings.scheme}
    http-request set-header X-Forwarded-Port {443 if settings.scheme == "https" else 80}
    default_backend targets
backend targets
    option httpchk
    http-check send meth GET uri {settings.path} ver HTTP/1.1 hdr Host {target} hdr User-Agent ELB-HealthChecker/2.0
    http-check expect status {settings.status}
    default-server check inter {settings.interval}s fastinter 500ms downinter 500ms
    default-server rise {settings.healthy_count} fall {settings.unhealthy_count} pool-purge-delay {idle}
    server machine {target}:{settings.target_port} source {BALANCER}
"""
