"""The real `cdk bootstrap` and `cdk deploy`, against the region's local AWS."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .instances import ACCOUNT, ENVIRONMENT, REGION, client
from .network import Network
from .shell import CommandFailed

ROOT = Path(__file__).resolve().parents[3]
# The validation of templates takes as long as the rest of the synthesis; the tests without a machine run it.
WAIT_CONDITION = "AWS::CloudFormation::WaitCondition"
SETTINGS = {"CI": "1", "CDK_DISABLE_VERSION_CHECK": "1", "CDK_VALIDATION": "false"}


@dataclass(frozen=True)
class Stack:
    name: str
    template: dict[str, Any]
    instance_id: str
    balancer_name: str
    volumes: Mapping[str, int]
    """GiB of the volumes that are attached to the instance, by id."""

    @property
    def conditions(self) -> set[str]:
        """Logical ids of the wait conditions that want a signal."""
        resources = self.template["Resources"].items()
        return {i for i, r in resources if r["Type"] == WAIT_CONDITION and "CreationPolicy" in r}


class Deployment:
    """One CDK app in a region of its own."""

    def __init__(self, network: Network, folder: Path, app: str | None):
        self._network = network
        self._out = folder / "cdk.out"
        self._folder = folder
        self._app = ["--app", app] if app else []
        self._bootstrapped = False

    def run(self, context: Mapping[str, str]) -> Stack:
        # Synth needs no AWS, bootstrap no app, which it would synthesize where it finds a cdk.json: both at once.
        bootstrap = None if self._bootstrapped else self._cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")
        given = [part for name, value in context.items() for part in ("-c", f"{name}={value}")]
        synth = self._cdk("synth", "--quiet", "--output", str(self._out), *self._app, *given)
        if bootstrap:
            self._finish(bootstrap)
            self._bootstrapped = True
        self._finish(synth)
        self._finish(self._cdk("deploy", "--all", "--app", str(self._out), "--require-approval", "never"))
        return _describe()

    def roll_back(self, stack: Stack) -> None:
        client("cloudformation").update_stack(StackName=stack.name, TemplateBody=json.dumps(stack.template))

    def _cdk(self, *arguments: str) -> subprocess.Popen:
        environment = os.environ | ENVIRONMENT | SETTINGS
        log = self._folder / f"cdk-{arguments[0]}.log"
        with self._network.inside(), log.open("w") as output:
            return subprocess.Popen(
                [str(ROOT / "node_modules/.bin/cdk"), *arguments],
                cwd=self._folder if arguments[0] == "bootstrap" else ROOT,
                env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def _finish(self, cdk: subprocess.Popen) -> None:
        if cdk.wait(300):
            log = self._folder / f"cdk-{cdk.args[1]}.log"
            result = subprocess.CompletedProcess(cdk.args, cdk.returncode, log.read_text(), "")
            raise CommandFailed(cdk.args, result)


def _describe() -> Stack:
    cloudformation = client("cloudformation")
    stacks = [s for s in cloudformation.describe_stacks()["Stacks"] if s["StackName"] != "CDKToolkit"]
    if len(stacks) != 1:
        raise ValueError(f"the app has {len(stacks)} stacks, the rig wants one")
    stack = stacks[0]
    resources = cloudformation.describe_stack_resources(StackName=stack["StackName"])["StackResources"]
    ids = {r["LogicalResourceId"]: r.get("PhysicalResourceId") for r in resources if "LogicalResourceId" in r}
    template = cloudformation.get_template(StackName=stack["StackName"])["TemplateBody"]
    instances = [ids[i] for i, r in template["Resources"].items() if r["Type"] == "AWS::EC2::Instance"]
    attached = [r for r in template["Resources"].values() if r["Type"] == "AWS::EC2::VolumeAttachment"]
    volumes = [a["Properties"]["VolumeId"]["Ref"] for a in attached]
    balancers = client("elbv2").describe_load_balancers()["LoadBalancers"]
    return Stack(
        name=stack["StackName"],
        template=template,
        instance_id=instances[0],
        balancer_name=balancers[0]["DNSName"] if balancers else "",
        volumes={ids[v]: template["Resources"][v]["Properties"]["Size"] for v in volumes},
    )
