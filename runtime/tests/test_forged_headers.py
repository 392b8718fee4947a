"""What a client writes into headers that only a proxy may set reaches nobody, on any location, behind either load
balancer; and a health check of the load balancer is nobody else's door."""

import time

import pytest
from nginx_server import Nginx

from conftest import Server

CLIENT, NODE = "127.0.0.2", "127.0.0.3"  # of a Network Load Balancer's client, and of the load balancer
FORGED = "6.6.6.6"
CHAIN = ("X-Forwarded-For", "198.51.100.7")
LAST = "GET /last HTTP/1.1"
NAMES = [
    "CF-Connecting-IP",
    "Client-IP",
    "Fastly-Client-IP",
    "Forwarded",
    "Forwarded-For",
    "Front-End-Https",
    "Proxy",
    "Remote-User",
    "True-Client-IP",
    "True-X_Forwarded-For",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "X-Forwarded",
    "X-Forwarded-By",
    "X-Forwarded-Host",
    "X-Forwarded-Method",
    "X-Forwarded-Path",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Proto",
    "X-Forwarded-Protocol",
    "X-Forwarded-Scheme",
    "X-Forwarded-Server",
    "X-Forwarded-Ssl",
    "X-Host",
    "X-Original-Host",
    "X-Original-URL",
    "X-Plumbline-Health",
    "X-Queue-Start",
    "X-Real-IP",
    "X-Real-Port",
    "X-Request-Id",
    "X-Request-Start",
    "X-Rewrite-URL",
    "X-Scheme",
    "X-Script-Name",
    "X-Url-Scheme",
    "X_Forwarded_Host",
    "x-forwarded-host",
]
TOLD = ["host", "x-real-ip", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"]
LOCATIONS = ["/", "/static/missing.css", "/health", "/health?a=b", "//health", "/files/../health", "/%68ealth"]


@pytest.fixture(scope="module", params=["gthread", "asgi"])
def behind(request, tmp_path_factory):
    """Starts nginx as it stands behind a load balancer. The application answers health checks itself, so that it can
    say how they came."""

    folder = tmp_path_factory.mktemp("gunicorn")
    app = f"echo:{'asgi' if request.param == 'asgi' else 'application'}"
    gunicorn = Server(folder, request.param, app=app, answer_health=False)
    servers = {}

    def start(balancer):
        if balancer not in servers:
            plan = {"loadBalancer": balancer, "workerClass": request.param}
            proxies = ["127.0.0.0/8"] if balancer == "application" else [f"{NODE}/32"]
            specification = {"plan": plan, "trustedProxies": proxies, "healthCheckPath": "/health"}
            servers[balancer] = Nginx(tmp_path_factory.mktemp(balancer), gunicorn, specification)
        return servers[balancer]

    yield start
    for server in servers.values():
        server.stop()
    gunicorn.stop()


def arrived(headers):
    """Without what nginx itself says in their place."""
    return {name: value for name, value in headers.items() if FORGED in value}


@pytest.mark.parametrize("path", LOCATIONS)
def test_nothing_forged_arrives_from_behind_an_application_load_balancer(behind, path):
    # the load balancer itself writes the scheme, and the last address
    forged = [(name, FORGED) for name in NAMES if name != "X-Forwarded-Proto"]
    headers = [*forged, ("X-Forwarded-For", f"{FORGED}, 198.51.100.7"), ("X-Forwarded-Proto", "https")]
    request = behind("application").asked(path, headers)
    assert arrived(request["headers"]) == {}
    assert {name: request["headers"][name] for name in TOLD} == {
        "host": "site.example",
        "x-real-ip": "198.51.100.7",
        "x-forwarded-for": "198.51.100.7",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "site.example",
        "x-forwarded-port": "443",
    }
    assert request["headers"]["x-request-start"].startswith("t=")
    assert "x-plumbline-health" not in request["headers"]
    assert request["path"] == path


@pytest.mark.parametrize("path", LOCATIONS)
def test_nothing_forged_arrives_from_behind_a_network_load_balancer(behind, path):
    forged = [(name, FORGED) for name in [*NAMES, "X-Forwarded-For"]]
    headers = [*forged, ("User-Agent", "ELB-HealthChecker/2.0")]
    request = behind("network").asked(path, headers, client=CLIENT)
    assert arrived(request["headers"]) == {}
    assert {name: request["headers"][name] for name in TOLD} == {
        "host": "site.example",
        "x-real-ip": CLIENT,
        "x-forwarded-for": CLIENT,
        "x-forwarded-proto": "http",
        "x-forwarded-host": "site.example",
        "x-forwarded-port": "80",
    }
    assert "x-plumbline-health" not in request["headers"]
    assert request["path"] == path


@pytest.mark.parametrize("balancer", ["application", "network"])
@pytest.mark.parametrize("path", ["/health", "/health?a=b", "/files/../health", "//health", "/%68ealth"])
def test_a_health_check_arrives_with_the_exact_path_and_every_header_whatever_it_carries(behind, balancer, path):
    forged = [(name, FORGED) for name in NAMES]
    request = behind(balancer).asked(path, [*forged, ("User-Agent", "ELB-HealthChecker/2.0")], client=NODE)
    assert arrived(request["headers"]) == {}
    assert request["path"].partition("?")[0] == "/health"
    assert request["headers"]["x-plumbline-health"] == "1"
    assert {name: request["headers"][name] for name in TOLD} == {
        "host": "site.example",
        "x-real-ip": NODE,
        "x-forwarded-for": NODE,
        "x-forwarded-proto": "https",
        "x-forwarded-host": "site.example",
        "x-forwarded-port": "443",
    }


@pytest.mark.parametrize("balancer", ["application", "network"])
def test_what_a_client_posts_to_the_path_of_the_health_check_is_the_application_s(behind, balancer):
    headers = [("X-Forwarded-For", "198.51.100.7")]
    request = behind(balancer).asked("/health", headers, client=CLIENT, method="POST", body=b"a" * 100_000)
    assert (request["method"], request["path"], len(request["body"])) == ("POST", "/health", 100_000)
    assert "x-plumbline-health" not in request["headers"]


def test_another_machine_of_the_vpc_is_no_load_balancer(behind):
    request = behind("network").asked("/health", [("User-Agent", "curl/8.14.1")], client=NODE)
    assert "x-plumbline-health" not in request["headers"]


@pytest.mark.parametrize("balancer", ["application", "network"])
def test_the_machine_itself_asks_as_the_load_balancer_does(behind, balancer):
    assert behind(balancer).asked("/health")["headers"]["x-plumbline-health"] == "1"


@pytest.mark.parametrize("balancer", ["application", "network"])
def test_no_client_reaches_the_place_where_health_checks_are_answered(behind, balancer):
    for client in (CLIENT, NODE):
        status, _ = behind(balancer).request("/.plumbline/health", client=client)
        assert status == 404


def test_every_request_of_a_client_is_logged_and_a_health_check_is_not(behind):
    nginx = behind("application")
    for path, headers in [("/health", []), ("/health", [CHAIN]), ("/secret/../health", [CHAIN]), ("/last", [])]:
        nginx.asked(path, [*headers, ("User-Agent", "of-the-log")])
    end = time.monotonic() + 5  # a line is written when its answer is out
    while (lines := [line["request"] for line in nginx.log() if line["agent"] == "of-the-log"])[-1:] != [LAST]:
        assert time.monotonic() < end, lines
        time.sleep(0.05)
    assert lines == ["GET /health HTTP/1.1", "GET /secret/../health HTTP/1.1", LAST]
