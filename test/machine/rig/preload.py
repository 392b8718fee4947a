"""The application as gunicorn's master loads it, with a connection to the database that it opens there on purpose.

Each function gives files for `changed`, and takes those that are to be changed anyway.
"""

import re
from collections.abc import Mapping

from .changes import read
from .machine import Machine

ENVIRONMENT = "etc/gunicorn/environment"
GUNICORN = "etc/gunicorn/gunicorn.conf.py"
DATABASES = "usr/local/lib/plumbline/plumbline_databases.py"
EARLY = "SAMPLE_CONNECT_EARLY=1\n"
WITHOUT_HOOKS = "plumbline_fork.close_inherited = plumbline_fork.refuse_shared = lambda *_: None\n"


def opened_early(machine: Machine, files: Mapping[str, str] = {}) -> dict[str, str]:
    return {**files, ENVIRONMENT: files.get(ENVIRONMENT, read(machine, ENVIRONMENT)) + EARLY}


def without_hooks(machine: Machine, files: Mapping[str, str]) -> dict[str, str]:
    return {**files, GUNICORN: files.get(GUNICORN, read(machine, GUNICORN)) + WITHOUT_HOOKS}


def without_health_checks(machine: Machine, files: Mapping[str, str]) -> dict[str, str]:
    """Of connections: over TLS they find most of the broken ones before a request does."""
    checked = read(machine, DATABASES)
    unchecked = checked.replace('"CONN_HEALTH_CHECKS": "pool" not in options', '"CONN_HEALTH_CHECKS": False')
    assert unchecked != checked
    return {**files, DATABASES: unchecked}


def of_class(machine: Machine, worker_class: str) -> dict[str, str]:
    """The files of another class, one that keeps its connections, on a machine that a changed stack would replace."""
    environment = re.sub(r"(?m)^PLUMBLINE_DATABASE_POOL_SIZE=.*\n", "", read(machine, ENVIRONMENT))
    environment = re.sub(r"(?m)^(PLUMBLINE_DATABASE_CONN_MAX_AGE)=.*", r"\1=600", environment)
    other = {"workerClass": worker_class, "workerConnections": ""}
    return {ENVIRONMENT: environment, GUNICORN: machine.rendered(GUNICORN, other)}
