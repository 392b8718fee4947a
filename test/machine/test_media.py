"""Uploaded files in a bucket, with the credentials of the instance's role: they outlive the instance. Those on a
volume are in test_database_in_place.py and test_restore.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import DATA
from rig.instances import client
from rig.machine import Machine, Options
from rig.releases import release, uploads
from rig.run import Run
from rig.uploads import FILES, name_of, sums, upload

# The sample's own is the oldest that is supported.
DJANGO = "Django>=6.0,<6.1\n"


@pytest.fixture(scope="module")
def machine(run: Run, tmp_path_factory) -> Iterator[Machine]:
    sample: Path = release(tmp_path_factory.mktemp("release") / "sample", uploads())
    (sample / "requirements.txt").write_text(DJANGO)
    context = {"media": "bucket", "requestTimeout": "20", "directory": str(sample)}
    machine = Machine(run, DATA, context, Options())
    try:
        yield machine.boot()
    finally:
        machine.close()


def in_bucket(machine: Machine) -> dict[str, str]:
    """The MD5 of every file, as S3 has it."""
    name = next(call.parameters["Bucket"] for call in machine.calls if call.action == "PutObject")
    with machine.region.network.inside():
        found = client("s3").get_paginator("list_objects_v2").paginate(Bucket=name, Prefix="photos/")
        objects = [one for page in found for one in page["Contents"]]
    return {one["Key"].removeprefix("photos/"): one["ETag"].strip('"') for one in objects}


def test_uploads_go_to_the_bucket_with_signed_addresses_and_are_there_after_a_replacement_of_the_instance(
    machine: Machine,
):
    answers = upload(machine)
    assert {answer["name"] for answer in answers} == {f"photos/{name_of(number)}" for number in range(FILES)}
    assert all("X-Amz-Signature=" in answer["url"] for answer in answers)
    assert machine.run("find / -xdev -name 'photo-*.jpg' 2>/dev/null", check=False) == ""

    machine.replace()
    assert in_bucket(machine) == sums(algorithm="md5")
    found = machine.get("/sums?count=20").json()
    assert len(found) == 20
    assert found.items() <= sums().items()


def test_the_role_may_use_no_other_bucket(machine: Machine):
    calls = [call for call in machine.calls if call.service == "s3"]
    assert {call.refused for call in calls} == {None}
    with machine.region.network.inside():
        client("s3").create_bucket(Bucket="another-bucket")
    command = "import boto3; print(boto3.client('s3').put_object(Bucket='another-bucket', Key='x', Body=b'x'))"
    refused = machine.run(f'as_app env AWS_DEFAULT_REGION=us-east-1 python -c "{command}" 2>&1', check=False)
    assert "AccessDenied" in refused
