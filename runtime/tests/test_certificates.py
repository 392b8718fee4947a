"""Each partition of AWS has authorities of its own for its databases."""

import pytest


@pytest.fixture
def fetch(shell):
    def fetch(region):
        shell.fake("curl")
        file = shell.folder / "gunicorn" / "rds-bundle.pem"
        return shell.run(f'rds_bundle "{file}"', "plumbline_certificates.sh", region=region)

    return fetch


@pytest.mark.parametrize(
    ("region", "store"),
    [
        ("eu-central-1", "truststore.pki.rds.amazonaws.com"),
        ("us-east-1", "truststore.pki.rds.amazonaws.com"),
        ("us-gov-west-1", "truststore.pki.us-gov-west-1.rds.amazonaws.com"),
        ("us-gov-east-1", "truststore.pki.us-gov-west-1.rds.amazonaws.com"),
        ("cn-north-1", "rds-truststore.s3.cn-north-1.amazonaws.com.cn"),
        ("cn-northwest-1", "rds-truststore.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_certificates_come_from_the_partition_of_the_region(shell, fetch, region, store):
    assert fetch(region).returncode == 0
    (call,) = shell.calls
    assert call.endswith(f"/gunicorn/rds-bundle.pem https://{store}/global/global-bundle.pem")
    assert (shell.folder / "gunicorn").is_dir()


@pytest.mark.parametrize("region", ["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1"])
def test_fails_by_name_where_they_are_not_known(shell, fetch, region):
    result = fetch(region)
    assert result.returncode == 1
    assert result.stdout.startswith(f"the certificates of RDS in {region} are not known: ")
    assert shell.calls == []
