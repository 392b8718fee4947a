# Comments name values of the plan.
import os

import plumbline_guard

wsgi_app = "mysite.wsgi:application"
worker_class = "asgi"  # appServer.workerClass
workers = 5  # appServer.workers
threads = 1  # appServer.threads
worker_connections = 50  # appServer.workerConnections
timeout = 302  # appServer.timeout
graceful_timeout = 304  # appServer.gracefulTimeout
asgi_disconnect_grace_period = 300  # appServer.asgiDisconnectGracePeriod
keepalive = 0  # appServer.keepalive
max_requests = 0  # appServer.maxRequests
max_requests_jitter = 0  # appServer.maxRequestsJitter
preload_app = False  # appServer.preloadApp
backlog = 4096  # appServer.backlog
limit_request_line = 0  # bounded by nginx
limit_request_field_size = 16384  # as in nginx
worker_tmp_dir = "/dev/shm"  # a heartbeat must not wait for a disk
control_socket_disable = True

plumbline_guard.configure(
    request_timeout=300,  # requestTimeout
    queue_timeout=2,  # queueTimeout
    proxy_read_timeout=306,  # nginx.proxyReadTimeout
    slots=50,  # appServer.slotsPerWorker
    backlog=4096,  # appServer.backlog
    web_socket_ping=20,  # seconds
    answer_health="PLUMBLINE_HEALTH_PATH" not in os.environ,
)
post_worker_init = plumbline_guard.post_worker_init
when_ready = plumbline_guard.when_ready
