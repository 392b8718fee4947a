"""Who is calling: the instance with a source address, its role and its role's policies, from the local EC2 and IAM."""

import base64
import json
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.client import BaseClient

REGION = "us-east-1"
ACCOUNT = "123456789012"
MOTO_PORT = 5511
MOTO = f"http://localhost:{MOTO_PORT}"
ENVIRONMENT = {
    "AWS_ENDPOINT_URL": MOTO,
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": REGION,
}


def client(service: str) -> BaseClient:
    """To be made and used by a thread that is inside the region."""
    return boto3.Session().client(
        service, region_name=REGION, endpoint_url=MOTO, aws_access_key_id="testing", aws_secret_access_key="testing"
    )


@dataclass(frozen=True)
class Credentials:
    key_id: str
    secret: str
    token: str
    expiration: str


@dataclass
class Instance:
    """One EC2 instance as the local AWS describes it."""

    description: dict[str, Any]
    _policies: tuple[float, list[dict[str, Any]]] = (float("-inf"), [])

    @property
    def id(self) -> str:
        return self.description["InstanceId"]

    @property
    def address(self) -> str:
        return self.description["PrivateIpAddress"]

    @property
    def type(self) -> str:
        return self.description["InstanceType"]

    @property
    def hostname(self) -> str:
        return "ip-" + self.address.replace(".", "-")

    @cached_property
    def user_data(self) -> bytes:
        attribute = client("ec2").describe_instance_attribute(InstanceId=self.id, Attribute="userData")
        return base64.b64decode(attribute["UserData"]["Value"])

    def read_user_data(self) -> None:
        """It changes when the stack is deployed again."""
        self.__dict__.pop("user_data", None)
        _ = self.user_data

    @cached_property
    def role(self) -> str:
        profile = self.description["IamInstanceProfile"]["Arn"].rsplit("/", 1)[-1]
        return client("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"][0][
            "RoleName"
        ]

    @cached_property
    def memory_mib(self) -> int:
        types = client("ec2").describe_instance_types(InstanceTypes=[self.type])["InstanceTypes"]
        return types[0]["MemoryInfo"]["SizeInMiB"]

    def policies(self) -> list[dict[str, Any]]:
        """The documents of the role, inline and attached, as they were a second ago: uploads make many calls."""
        read, documents = self._policies
        if time.monotonic() - read > 1:
            documents = self._read_policies()
            self._policies = time.monotonic(), documents
        return documents

    def _read_policies(self) -> list[dict[str, Any]]:
        iam = client("iam")
        inline = iam.list_role_policies(RoleName=self.role)["PolicyNames"]
        documents = [iam.get_role_policy(RoleName=self.role, PolicyName=name)["PolicyDocument"] for name in inline]
        for policy in iam.list_attached_role_policies(RoleName=self.role)["AttachedPolicies"]:
            version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
            found = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)
            documents.append(found["PolicyVersion"]["Document"])
        return documents

    def revoke(self, service: str) -> None:
        """Take every inline statement away that allows an action of the service."""
        iam = client("iam")
        for name in iam.list_role_policies(RoleName=self.role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=self.role, PolicyName=name)["PolicyDocument"]
            kept = [
                s for s in document["Statement"] if not any(a.startswith(f"{service}:") for a in as_list(s["Action"]))
            ]
            changed = json.dumps(document | {"Statement": kept})
            iam.put_role_policy(RoleName=self.role, PolicyName=name, PolicyDocument=changed)


def as_list(value: Any) -> list:
    return value if isinstance(value, list) else [value]


class Instances:
    """Looked up by source address, as AWS identifies a caller of the metadata service."""

    def __init__(self) -> None:
        self._known: dict[str, Instance] = {}
        self._credentials: dict[str, Credentials] = {}
        self._lock = threading.Lock()

    def at(self, address: str) -> Instance | None:
        with self._lock:
            if address not in self._known:
                found = client("ec2").describe_instances(Filters=[{"Name": "private-ip-address", "Values": [address]}])
                for reservation in found["Reservations"]:
                    self._known[address] = Instance(reservation["Instances"][0])
            return self._known.get(address)

    def credentials(self, instance: Instance) -> Credentials:
        with self._lock:
            if instance.id not in self._credentials:
                answer = client("sts").assume_role(
                    RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{instance.role}", RoleSessionName=instance.id
                )["Credentials"]
                self._credentials[instance.id] = Credentials(
                    answer["AccessKeyId"],
                    answer["SecretAccessKey"],
                    answer["SessionToken"],
                    time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 6 * 3600)),
                )
            return self._credentials[instance.id]

    def issued(self, key_id: str) -> tuple[Instance, Credentials] | None:
        with self._lock:
            for instance in self._known.values():
                credentials = self._credentials.get(instance.id)
                if credentials and credentials.key_id == key_id:
                    return instance, credentials
        return None
