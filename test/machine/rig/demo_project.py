"""`npm run demo -- --app DIR`: a project of the user's, and what can be seen of it without knowing it."""

import re

from .changes import read
from .logs import Logs
from .machine import BootFailed, Machine
from .shell import wait_until

LINK = re.compile(r"""(?:href|src)=["'](/static/[^"'?#]+)""")
STATIC = re.compile(r"location /static/ \{\s*alias ([^;]+);")
TITLE = re.compile(r"<title[^>]*>\s*(.*?)\s*</title>", re.DOTALL | re.IGNORECASE)
# What a log of a Python program says of errors: levels, the last line of a traceback.
TROUBLE = re.compile(r"\b(ERROR|CRITICAL)\b|^\w[\w.]*(Error|Exception|DoesNotExist)\b")
MOST_LINES = 5


def boot(machine: Machine) -> None:
    """Until CloudFormation has its signal and the load balancer sends requests; any page may be what it wants."""
    machine.start()
    signal = machine.signal()
    if signal.status != "SUCCESS":
        story = machine.guest.story(20)
        raise BootFailed(f"the deployment failed, and CloudFormation's event says why: {signal.unique_id}\n{story}")
    wait_until("the load balancer sends it requests", lambda: machine.balancer.target_health() == "UP", 60)


def show(machine: Machine) -> None:
    logs = Logs(machine)
    print(f"\n{plan_of(machine)}\n")
    text = page(machine, "/")
    found = list(dict.fromkeys(LINK.findall(text)))[:3]
    for path in found:
        page(machine, path)
    if not found and (other := any_static_file(machine)):
        page(machine, f"/static/{other}")
    lines = [line for line in machine.run("journalctl -u gunicorn -o cat").splitlines() if TROUBLE.search(line)]
    tell("errors in the journal of gunicorn since the boot", lines)
    tell("errors of nginx for these requests", [f"{target} {message}" for target, message in logs.nginx_errors()])
    print()


def any_static_file(machine: Machine) -> str:
    """One of those that nginx serves; empty where there is none."""
    folder = STATIC.search(read(machine, "etc/nginx/plumbline_static.conf"))
    find = f"cd {folder[1]} 2>/dev/null && find -L . -type f -name '*.css' -printf '%P\n' | sort | head -n 1"
    return machine.run(find, check=False) if folder else ""


def plan_of(machine: Machine) -> str:
    """The size and what works on it, as the stack gives it out."""
    return machine.stack.template["Outputs"]["Plan"]["Value"].split(";")[0]


def page(machine: Machine, path: str) -> str:
    answer = machine.get(path)
    place = f" to {answer.headers['location']}" if "location" in answer.headers else ""
    title = TITLE.search(answer.text)
    about = f', "{title[1][:60]}"' if title else f", {answer.headers.get('content-type', 'no content type')}"
    size = f"{len(answer.body)} bytes"
    print(f"  GET {path}: {answer.status}{place} in {answer.seconds:.2f} s, {size}{about}", flush=True)
    return answer.text


def tell(what: str, lines: list[str]) -> None:
    print(f"  {what}: {len(lines) or 'none'}")
    for line in lines[-MOST_LINES:]:
        print(f"    {line[:140]}")
