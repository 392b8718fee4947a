"""The application knows who asks, whom, and in which scheme, in every worker class and behind either load balancer: a
table of what a client sends, what the application sees, and what the log has."""

import json
import socket
import time

import pytest
from nginx_server import Nginx
from test_websockets import HANDSHAKE

from conftest import WORKER_CLASSES, Server

CLIENT = "127.0.0.2"  # of a Network Load Balancer, which hands its address on


@pytest.fixture(scope="module", params=WORKER_CLASSES)
def behind(request, tmp_path_factory):
    """Starts nginx as it stands behind a load balancer."""
    gunicorn = Server(
        tmp_path_factory.mktemp("gunicorn"),
        request.param,
        app=f"echo:{'asgi' if request.param == 'asgi' else 'application'}",
    )
    servers = {}

    def start(balancer, **specification):
        key = json.dumps([balancer, specification])
        if key not in servers:
            plan = {"loadBalancer": balancer, "workerClass": request.param}
            servers[key] = Nginx(tmp_path_factory.mktemp("nginx"), gunicorn, {"plan": plan, **specification})
        return servers[key]

    yield start
    for server in servers.values():
        server.stop()
    gunicorn.stop()


VPC = {"trustedProxies": ["127.0.0.0/24", "10.0.0.0/16"]}
HTTPS = ("X-Forwarded-Proto", "https")


def through(chain, *headers):
    """As an Application Load Balancer sends it: it writes its client's address behind what that one has sent."""
    return [("X-Forwarded-For", chain), *headers]


# what nginx is sent, and what the application sees: client, server, scheme
BEHIND_AN_ALB = {
    "over HTTPS": (through("198.51.100.7", HTTPS), "198.51.100.7", 0, "site.example", 443, "https"),
    "over HTTP": (
        through("198.51.100.7", ("X-Forwarded-Proto", "http")),
        *("198.51.100.7", 0, "site.example", 80, "http"),
    ),
    "with its port": (through("198.51.100.7:4711", HTTPS), "198.51.100.7", 4711, "site.example", 443, "https"),
    "over IPv6": (through("2001:db8::7", HTTPS), "2001:db8::7", 0, "site.example", 443, "https"),
    "over IPv6 with its port": (
        through("[2001:db8::7]:4711", HTTPS),
        *("2001:db8::7", 4711, "site.example", 443, "https"),
    ),
    "with another port in the URL": (
        through("198.51.100.7", HTTPS, ("Host", "site.example:8443")),
        *("198.51.100.7", 0, "site.example", 8443, "https"),
    ),
    "with an IPv6 address in the URL": (
        through("198.51.100.7", HTTPS, ("Host", "[2001:db8::1]")),
        *("198.51.100.7", 0, "[2001:db8::1]", 443, "https"),
    ),
    "with a chain of its own": (
        through("6.6.6.6, 10.0.0.9, 198.51.100.7", HTTPS),
        *("198.51.100.7", 0, "site.example", 443, "https"),
    ),
    "with a chain in two headers": (
        [("X-Forwarded-For", "6.6.6.6"), *through("198.51.100.7", HTTPS)],
        *("198.51.100.7", 0, "site.example", 443, "https"),
    ),
    "with everything forged": (
        through(
            "6.6.6.6, 198.51.100.7",
            *(HTTPS, ("X-Real-IP", "6.6.6.6"), ("X-Real-Port", "6"), ("X-Forwarded-Port", "6")),
            *(("X-Forwarded-Host", "evil.example"), ("Forwarded", "for=6.6.6.6"), ("Remote-Addr", "6.6.6.6")),
        ),
        *("198.51.100.7", 0, "site.example", 443, "https"),
    ),
    "from within the VPC, with a chain of its own": (
        through("6.6.6.6, 10.0.0.9", HTTPS),
        *("10.0.0.9", 0, "site.example", 443, "https"),
    ),
}


def seen(answer):
    return (*answer["client"], *answer["server"], answer["scheme"])


@pytest.mark.parametrize("how", BEHIND_AN_ALB)
def test_behind_an_application_load_balancer(behind, how):
    headers, *expected = BEHIND_AN_ALB[how]
    nginx = behind("application", **VPC)
    answer = nginx.asked("/alb", headers)
    assert seen(answer) == tuple(expected)
    assert logged(nginx)["client"] == expected[0]


CDN = {
    "trustedProxies": ["127.0.0.1/32", "203.0.113.0/24", "2001:db8:1::/48"],
    "beforeLoadBalancer": ["203.0.113.0/24", "2001:db8:1::/48"],
    "schemeHeader": "CloudFront-Forwarded-Proto",
}
EDGE, NEAR, SIX = "203.0.113.9", "203.0.113.10", "2001:db8:1::9"
SAYS_HTTPS = ("CloudFront-Forwarded-Proto", "https")
HTTP = ("X-Forwarded-Proto", "http")
# what nginx is sent behind a CDN that ends TLS, and an ALB: client, port, scheme
BEHIND_A_CDN = {
    "through it": (through(f"198.51.100.7, {EDGE}", HTTP, SAYS_HTTPS), "198.51.100.7", 443, "https"),
    "through two of its machines": (
        through(f"198.51.100.7, {NEAR}, {EDGE}", HTTP, SAYS_HTTPS),
        *("198.51.100.7", 443, "https"),
    ),
    "over IPv6": (through(f"2001:db8::7, {SIX}", HTTP, SAYS_HTTPS), "2001:db8::7", 443, "https"),
    "over IPv6 with ports": (through(f"2001:db8::7, [{SIX}]:99", HTTP, SAYS_HTTPS), "2001:db8::7", 443, "https"),
    "with ports": (through(f"198.51.100.7, {EDGE}:99", HTTP, SAYS_HTTPS), "198.51.100.7", 443, "https"),
    "that does not say the scheme": (through(f"198.51.100.7, {EDGE}", HTTP), "198.51.100.7", 80, "http"),
    "that says http, and speaks https": (
        through(f"198.51.100.7, {EDGE}", HTTPS, ("CloudFront-Forwarded-Proto", "http")),
        *("198.51.100.7", 80, "http"),
    ),
    "that says nonsense": (
        through(f"198.51.100.7, {EDGE}", HTTPS, ("CloudFront-Forwarded-Proto", "gopher")),
        *("198.51.100.7", 443, "https"),
    ),
    "with a chain that a client has begun": (
        through(f"6.6.6.6, {NEAR}, 198.51.100.7, {EDGE}", HTTP, SAYS_HTTPS),
        *("198.51.100.7", 443, "https"),
    ),
    "past it, as if through it": (
        through(f"6.6.6.6, {EDGE}, 198.51.100.7", HTTP, SAYS_HTTPS),
        "198.51.100.7",
        80,
        "http",
    ),
    "past it, in two headers": (
        [("X-Forwarded-For", f"6.6.6.6, {EDGE}"), *through("198.51.100.7", HTTP, SAYS_HTTPS)],
        *("198.51.100.7", 80, "http"),
    ),
}


@pytest.mark.parametrize("how", BEHIND_A_CDN)
def test_behind_a_cdn_before_an_application_load_balancer(behind, how):
    headers, client, port, scheme = BEHIND_A_CDN[how]
    nginx = behind("application", **CDN)
    answer = nginx.asked("/cdn", headers)
    assert seen(answer) == (client, 0, "site.example", port, scheme)
    assert answer["headers"]["cloudfront-forwarded-proto"] == answer["headers"]["x-forwarded-proto"] == scheme
    assert logged(nginx)["client"] == client


def test_behind_a_cdn_before_a_network_load_balancer(behind):
    edges = {**CDN, "trustedProxies": ["10.0.0.0/16", "127.0.0.3/32"], "beforeLoadBalancer": ["127.0.0.3/32"]}
    nginx = behind("network", **edges)
    headers = through("6.6.6.6, 198.51.100.7", SAYS_HTTPS)
    answer = nginx.asked("/cdn", headers, client="127.0.0.3")
    assert seen(answer) == ("198.51.100.7", 0, "site.example", 443, "https")
    past_it = nginx.asked("/cdn", headers, client=CLIENT)
    assert (past_it["client"][0], past_it["server"], past_it["scheme"]) == (CLIENT, ["site.example", 80], "http")
    assert nginx.request("/health") == (200, "ok\n")


def test_behind_a_network_load_balancer_a_client_speaks_for_itself(behind):
    nginx = behind("network", **VPC)
    forged = [
        *through("6.6.6.6", HTTPS),
        *(("X-Real-IP", "6.6.6.6"), ("X-Real-Port", "6"), ("X-Forwarded-Port", "6")),
    ]
    for headers in ([], forged):
        answer = nginx.asked("/nlb", headers, client=CLIENT)
        address, port, *rest = seen(answer)
        assert (address, *rest) == (CLIENT, "site.example", 80, "http")
        assert 1024 <= port < 65536
        assert logged(nginx)["client"] == CLIENT


def test_behind_a_network_load_balancer_that_ends_tls_the_scheme_is_known(behind):
    answer = behind("network", tls=True, **VPC).asked("/nlb", client=CLIENT)
    assert (answer["server"], answer["scheme"]) == (["site.example", 443], "https")


@pytest.mark.parametrize("header", ["X-Real-IP", "X-Forwarded-Port"])
def test_who_comes_by_another_way_than_nginx_stays_unknown(behind, header):
    answer = json.loads(behind("application", **VPC).gunicorn.get("/", {header: "6"}).body)
    assert answer["client"] in (None, ["", -1])


def test_a_web_socket_is_asked_for_by_somebody_too(behind, request):
    if request.node.callspec.params["behind"] != "asgi":
        return  # no other class speaks it
    nginx = behind("application", **VPC)
    forwarded = "X-Forwarded-For: 6.6.6.6, 198.51.100.7:4711\r\nX-Forwarded-Proto: https\r\n\r\n"
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=20) as connection:
        connection.sendall((HANDSHAKE.removesuffix("\r\n") + forwarded).encode())
        received = b""
        while b"}" not in received:
            received += connection.recv(4096)
    answer = json.loads(received[received.index(b"{") : received.index(b"}") + 1])
    assert seen(answer) == ("198.51.100.7", 4711, "site", 443, "wss")


def logged(nginx):
    """The last line, which is written when its answer is out."""
    end = time.monotonic() + 5
    while True:
        lines = (nginx.folder / "access.log").read_text().splitlines()
        if len(lines) > getattr(nginx, "lines", 0):
            nginx.lines = len(lines)
            return json.loads(lines[-1])
        assert time.monotonic() < end
        time.sleep(0.02)
