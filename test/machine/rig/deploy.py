"""The real `cdk bootstrap` and `cdk deploy`, against the region's local AWS.

What is the same for several machines of a run is done once: each app is synthesized once with the same context, and
the stack that `cdk bootstrap` made in the first region is made from its template in the others.
"""

import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .instances import ACCOUNT, ENVIRONMENT, REGION, client
from .network import Network
from .shell import CommandFailed

ROOT = Path(__file__).resolve().parents[3]
TOOLKIT = "CDKToolkit"
WAIT_CONDITION = "AWS::CloudFormation::WaitCondition"
# The validation of templates takes as long as the rest of the synthesis; the tests without a machine run it.
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


# Machines may be deployed at the same time.
_synthesis, _bootstrap = threading.Lock(), threading.Lock()


class Deployment:
    """One CDK app in a region of its own; `shared` is the folder of what the regions of a run have in common."""

    def __init__(self, network: Network, folder: Path, shared: Path, app: str | None):
        self._network = network
        self._folder = folder
        self._shared = shared
        self._app = ["--app", app] if app else []
        self._bootstrapped = False

    def run(self, context: Mapping[str, str]) -> Stack:
        if not self._bootstrapped:
            self._bootstrap()
            self._bootstrapped = True
        assembly = self.synthesize(context)
        self._cdk("deploy", "--all", "--app", str(assembly), "--require-approval", "never")
        return _describe()

    def synthesize(self, context: Mapping[str, str]) -> Path:
        """The folder of the app's templates and assets."""
        given = [part for name, value in sorted(context.items()) for part in ("-c", f"{name}={value}")]
        assembly = self._shared / f"cdk.out-{hashlib.sha256(repr((self._app, given)).encode()).hexdigest()[:16]}"
        with _synthesis:
            if not (assembly / "manifest.json").exists():
                self._cdk("synth", "--quiet", "--output", str(assembly), *self._app, *given)
        return assembly

    def roll_back(self, stack: Stack) -> None:
        client("cloudformation").update_stack(StackName=stack.name, TemplateBody=json.dumps(stack.template))

    def _bootstrap(self) -> None:
        made = self._shared / "bootstrap.yaml"
        with _bootstrap:
            if not made.exists():
                self._cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")
                made.write_text(client("cloudformation").get_template(StackName=TOOLKIT)["TemplateBody"])
                return
        client("cloudformation").create_stack(
            StackName=TOOLKIT, TemplateBody=made.read_text(), Capabilities=["CAPABILITY_NAMED_IAM"]
        )

    def _cdk(self, *arguments: str) -> None:
        log = self._folder / f"cdk-{arguments[0]}.log"
        with self._network.inside(), log.open("w") as output:
            cdk = subprocess.run(
                [str(ROOT / "node_modules/.bin/cdk"), *arguments],
                # where it finds a cdk.json, bootstrap would synthesize the app
                cwd=self._folder if arguments[0] == "bootstrap" else ROOT,
                env=os.environ | ENVIRONMENT | SETTINGS,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, timeout=300,
            )  # fmt: skip
        if cdk.returncode:
            raise CommandFailed(cdk.args, subprocess.CompletedProcess(cdk.args, cdk.returncode, log.read_text(), ""))


def _describe() -> Stack:
    cloudformation = client("cloudformation")
    stacks = [s for s in cloudformation.describe_stacks()["Stacks"] if s["StackName"] != TOOLKIT]
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
