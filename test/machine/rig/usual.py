"""What people start from, beside ours on the same machine: nginx' `proxy_pass`, gunicorn with three workers, defaults.

Every time is a tenth of the default: 60 s of nginx and of the load balancer, 30 s of gunicorn.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from .changes import read
from .http_client import HttpClient
from .load_balancer import LoadBalancer
from .machine import Machine
from .shell import wait_until

NGINX = """\
{user}
error_log {error_log};
events {{ worker_connections 768; }}
http {{
  access_log off;
  proxy_read_timeout {read_timeout}s;
  server {{
    listen {port};
    location = /health {{ return 200; }}
    location / {{
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;
      proxy_pass http://{upstream};
    }}
  }}
}}
"""

GUNICORN = """\
{wsgi_app}
workers = 3
timeout = {timeout}
control_socket_disable = True
"""

UNITS = {
    "usual-gunicorn": """\
[Service]
Type=notify
NotifyAccess=main
User=app
Group=app
WorkingDirectory=/srv/app/current
Environment=PYTHONPATH=/usr/local/lib/plumbline
EnvironmentFile=/etc/gunicorn/environment
EnvironmentFile=-/run/plumbline-secrets/environment
ExecStart=/srv/app/current/.venv/bin/gunicorn --config /etc/usual/gunicorn.conf.py --bind 127.0.0.1:8000
KillMode=mixed
Restart=always
""",
    "usual-nginx": """\
[Service]
Type=exec
ExecStart=/usr/sbin/nginx -c /etc/usual/nginx.conf -g "daemon off; pid /run/usual-nginx.pid;"
""",
}


def line_of(machine: Machine, path: str, start: str) -> str:
    return next(line for line in read(machine, path).splitlines() if line.startswith(start))


def nginx(machine: Machine, upstream: str, read_timeout: int, port: int = 80, log: str = "error.log") -> str:
    user = line_of(machine, "etc/nginx/nginx.conf", "user ")
    error_log = f"/var/log/nginx/{log}"
    return NGINX.format(user=user, error_log=error_log, read_timeout=read_timeout, port=port, upstream=upstream)


def gunicorn(machine: Machine, timeout: int) -> str:
    wsgi_app = line_of(machine, "etc/gunicorn/gunicorn.conf.py", "wsgi_app ")
    return GUNICORN.format(wsgi_app=wsgi_app, timeout=timeout)


@contextmanager
def beside(machine: Machine, port: int = 8081, errors: str = "usual-error.log") -> Iterator[HttpClient]:
    """The usual services beside ours, with a load balancer of their own; a client of theirs."""
    files = {
        "etc/usual/nginx.conf": nginx(machine, "127.0.0.1:8000", 6, port, errors),
        "etc/usual/gunicorn.conf.py": gunicorn(machine, 3),
        **{f"etc/systemd/system/{name}.service": unit for name, unit in UNITS.items()},
    }
    for path, text in files.items():
        machine.guest.write(path, text.encode())
    machine.run(f"systemctl daemon-reload && systemctl start {' '.join(UNITS)}")
    settings = replace(machine.balancer.settings, idle_timeout=6, target_port=port)
    network = machine.region.network
    balancer = LoadBalancer(network, settings, machine.instance.address, machine.region.folder, port=8080)
    client = HttpClient(network, balancer.address, machine.stack.balancer_name)
    try:
        wait_until("the usual services serve", lambda: client.get("/").status == 200, 30)
        yield client
    finally:
        balancer.stop()
        machine.run(f"systemctl kill --signal=KILL {' '.join(UNITS)}; systemctl stop {' '.join(UNITS)}", check=False)
