"""What moto's CloudFormation lacks for a stack that is deployed a second time, and for an instance that stays."""

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance
from moto.ssm.models import ssm_backends


def complete() -> None:
    CloudFormationResponse.delete_change_set = _delete_change_set
    CloudFormationResponse.describe_change_set = _describe_change_set
    models.CloudFormationBackend.execute_change_set = _execute_change_set
    parsing.parse_and_update_resource = _keeping(parsing.parse_and_update_resource)
    parsing.ResourceMap.parse_ssm_parameter = _parse_ssm_parameter
    Instance.create_from_cloudformation_json = classmethod(_with_image(Instance.create_from_cloudformation_json))
    Instance.update_from_cloudformation_json = classmethod(_update_instance)


class ChangeSetNotFound(CloudFormationError):
    # moto reads the service's name out of the module's.
    __module__ = "moto.cloudformation.rig"
    code = "ChangeSetNotFoundException"


# Every deployment names its change set alike, and moto looks for it without asking whose it is.
def _named(backend, stack: str, name: str) -> list:
    return [
        change_set
        for change_set in backend.change_sets.values()
        if name in (change_set.change_set_id, change_set.change_set_name)
        and (not stack or stack in (change_set.stack_name, change_set.stack_id))
    ]


def _delete_change_set(self) -> EmptyResult:
    backend = self.cloudformation_backend
    for change_set in _named(backend, self._get_param("StackName"), self._get_param("ChangeSetName")):
        del backend.change_sets[change_set.change_set_id]
    return EmptyResult()


def _describe_change_set(self) -> ActionResult:
    name = self._get_param("ChangeSetName")
    found = _named(self.cloudformation_backend, self._get_param("StackName"), name)
    if not found:
        raise ChangeSetNotFound(f"ChangeSet [{name}] does not exist")
    return ActionResult(found[-1])


_execute = models.CloudFormationBackend.execute_change_set


def _execute_change_set(self, change_set_name: str, stack_name: str | None = None) -> None:
    found = _named(self, stack_name or "", change_set_name)
    _execute(self, found[-1].change_set_id if found else change_set_name, stack_name)


def _keeping(update):
    """A resource whose kind moto cannot update stays as it is, instead of being gone."""

    def keeping(logical_id, resource_json, resources_map, **kwargs):
        return update(logical_id, resource_json, resources_map, **kwargs) or resources_map[logical_id]

    return keeping


_parse = parsing.ResourceMap.parse_ssm_parameter


def _parse_ssm_parameter(self, value: str, value_type: str) -> str:
    """In an update the previous value comes as what the name stood for, not as the name."""
    known = ssm_backends[self._account_id][self._region_name].get_parameter(value)
    return _parse(self, value, value_type) if known else value


def _with_image(create):
    """An instance may take its image from a version of a launch template."""

    def with_image(_cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        properties = cloudformation_json["Properties"]
        if asked := properties.get("LaunchTemplate"):
            backend = ec2_backends[account_id][region_name]
            template = backend.get_launch_template(asked["LaunchTemplateId"])
            image = template.get_version(int(asked["Version"])).image_id
            cloudformation_json = cloudformation_json | {"Properties": {"ImageId": image} | properties}
        return create(resource_name, cloudformation_json, account_id, region_name, **kwargs)

    return with_image


def _update_instance(_cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
    """User data changes in place, while the instance is stopped; everything else would replace it."""
    original_resource.user_data = cloudformation_json["Properties"].get("UserData")
    return original_resource
