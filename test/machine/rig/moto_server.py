"""moto_server with the CloudFormation resource types and the images that it lacks. Arguments: those of moto_server."""

import json
import time

import endpoints
import moto_updates
from moto.acm.models import acm_backends
from moto.core.common_models import CloudFormationModel
from moto.secretsmanager.models import secretsmanager_backends
from moto.server import main
from moto.ssm.models import Parameter, ssm_backends

WITHOUT_EFFECT = [
    "AWS::CDK::Metadata",
    "AWS::CloudFormation::WaitCondition",
    "AWS::AutoScaling::LifecycleHook",
    "AWS::AutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::DLM::LifecyclePolicy",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::ElastiCache::ParameterGroup",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::SubnetGroup",
    # moto's own takes no parameter group; the rig's second machine is the database
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBSubnetGroup",
    "AWS::S3::BucketPolicy",
    "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
]

# One of each in a region.
ENDPOINTS = {
    "Endpoint.Address": endpoints.DATABASE,
    "PrimaryEndPoint.Address": endpoints.CACHE,
}

IMAGES = [
    *(f"/aws/service/debian/release/13/latest/{arch}" for arch in ("amd64", "arm64")),
    *(
        f"/aws/service/canonical/ubuntu/server/{version}/stable/current/{arch}/hvm/ebs-gp3/ami-id"
        for version in ("24.04", "26.04")
        for arch in ("amd64", "arm64")
    ),
    *(
        f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-{kernel}-{arch}"
        for kernel in ("default", "6.1", "6.12", "6.18")
        for arch in ("x86_64", "arm64")
    ),
]


class Secret(CloudFormationModel):
    # moto reads the service's name out of the module's.
    __module__ = "moto.secretsmanager.rig"

    def __init__(self, arn: str):
        self.arn = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    @property
    def physical_resource_id(self) -> str:
        return self.arn

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Id"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        return self.arn

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_kwargs):
        properties = cloudformation_json.get("Properties", {})
        backend = secretsmanager_backends[account_id][region_name]
        answer = backend.create_secret(
            name=resource_name,
            secret_string=cls._value(backend, properties),
            secret_binary=None,
            description=properties.get("Description"),
            tags=[],
            kms_key_id=None,
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        return cls(json.loads(answer)["ARN"] if isinstance(answer, str) else answer["ARN"])

    @staticmethod
    def _value(backend, properties: dict) -> str:
        if "SecretString" in properties:
            return properties["SecretString"]
        generate = properties.get("GenerateSecretString", {})
        flag = lambda name, default=False: str(generate.get(name, default)).lower() == "true"  # noqa: E731
        password = backend.get_random_password(
            password_length=int(generate.get("PasswordLength", 32)),
            exclude_characters=generate.get("ExcludeCharacters", ""),
            exclude_numbers=flag("ExcludeNumbers"),
            exclude_punctuation=flag("ExcludePunctuation"),
            exclude_uppercase=flag("ExcludeUppercase"),
            exclude_lowercase=flag("ExcludeLowercase"),
            include_space=flag("IncludeSpace"),
            require_each_included_type=flag("RequireEachIncludedType", True),
        )
        password = json.loads(password)["RandomPassword"]
        if "GenerateStringKey" not in generate:
            return password
        return json.dumps(json.loads(generate["SecretStringTemplate"]) | {generate["GenerateStringKey"]: password})


class Certificate(CloudFormationModel):
    """Issued without a look at the domain."""

    __module__ = "moto.acm.rig"

    def __init__(self, arn: str):
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CertificateManager::Certificate"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_kwargs):
        domain_name = cloudformation_json["Properties"]["DomainName"]
        backend = acm_backends[account_id][region_name]
        return cls(backend.request_certificate(domain_name, None, [], []))


class SecretTargetAttachment(CloudFormationModel):
    """Whoever refers to it means the secret."""

    __module__ = "moto.secretsmanager.rig"

    def __init__(self, arn: str):
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::SecretTargetAttachment"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_kwargs):
        return cls(cloudformation_json["Properties"]["SecretId"])


class WithoutEffect:
    """A resource that moto only has to accept."""

    def __init__(self, name: str):
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return True

    def get_cfn_attribute(self, attribute_name: str) -> str:
        if attribute_name in ENDPOINTS:
            return ENDPOINTS[attribute_name]
        return f"arn:aws:rig:us-east-1:123456789012:{self.physical_resource_id}/{attribute_name}"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_kwargs):
        return cls(resource_name)


def accept(resource_type: str) -> type:
    service, kind = resource_type.split("::")[1:]
    # moto finds direct subclasses of CloudFormationModel only.
    return type(
        f"{service}{kind}",
        (CloudFormationModel,),
        {name: value for name, value in vars(WithoutEffect).items() if name not in ("__dict__", "__weakref__")}
        | {
            "__module__": f"moto.{service.lower()}.rig",
            "cloudformation_type": staticmethod(lambda: resource_type),
        },
    )


def publish_images() -> None:
    """Name the images of every operating system; the API refuses names below /aws."""
    parameters = ssm_backends["123456789012"]["us-east-1"]._parameters
    for name in IMAGES:
        image = Parameter(
            account_id="123456789012",
            name=name,
            value="ami-0123456789abcdef0",
            parameter_type="String",
            description=None,
            allowed_pattern=None,
            keyid=None,
            last_modified_date=int(time.time()),
            version=1,
            data_type="text",
        )
        parameters[name].append(image)


accepted = [accept(resource_type) for resource_type in WITHOUT_EFFECT]

if __name__ == "__main__":
    moto_updates.complete()
    publish_images()
    main()
