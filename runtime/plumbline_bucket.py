"""Django's default storage in the bucket of the machine: django-storages' own, with what says where the bucket is and
who asks. Names `AWS_*` of the project may be about another bucket, for its static files say."""

import os

from storages.backends.s3boto3 import S3Boto3Storage

# Nothing of the kind: the credentials are the role's, and the bucket is private and its owner's.
NONE = (
    "access_key",
    "secret_key",
    "security_token",
    "session_profile",
    "custom_domain",
    "cloudfront_key",
    "cloudfront_key_id",
    "default_acl",
    "endpoint_url",
)


class BucketStorage(S3Boto3Storage):
    def get_default_settings(self):
        own = super().get_default_settings()
        parameters = {
            name: value
            for name, value in (own.get("object_parameters") or {}).items()
            if name != "ACL" and not name.startswith("Grant")
        }
        return {
            **own,
            "object_parameters": parameters,
            **dict.fromkeys(NONE),
            "bucket_name": os.environ["PLUMBLINE_MEDIA_BUCKET"],
            "region_name": os.environ["PLUMBLINE_MEDIA_REGION"],
            "location": "",
            # addresses of the bucket's own region, which a new bucket answers at once
            "signature_version": "s3v4",
            "addressing_style": "virtual",
            "querystring_auth": True,
            # as the file system has it, and as projects expect: a second upload of a name is another file
            "file_overwrite": False,
        }
