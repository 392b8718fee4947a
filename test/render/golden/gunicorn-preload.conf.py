# Comments name values of the plan.
import gc
import os

import plumbline_guard
import plumbline_pages

wsgi_app = "mysite.wsgi:application"
worker_class = "gthread"  # appServer.workerClass
workers = 5  # appServer.workers
threads = 8  # appServer.threads
worker_connections = 8  # appServer.workerConnections
timeout = 302  # appServer.timeout
graceful_timeout = 304  # appServer.gracefulTimeout
keepalive = 0  # appServer.keepalive
max_requests = 0  # appServer.maxRequests
max_requests_jitter = 0  # appServer.maxRequestsJitter
preload_app = True  # appServer.preloadApp
backlog = 4096  # appServer.backlog
limit_request_line = 0  # bounded by nginx
limit_request_field_size = 16384  # as in nginx
worker_tmp_dir = "/dev/shm"  # a heartbeat must not wait for a disk
control_socket_disable = True

plumbline_guard.configure(
    request_timeout=300,  # requestTimeout
    queue_timeout=2,  # queueTimeout
    proxy_read_timeout=306,  # nginx.proxyReadTimeout
    slots=8,  # appServer.slotsPerWorker
    backlog=4096,  # appServer.backlog
    answer_health="PLUMBLINE_HEALTH_PATH" not in os.environ,
)
post_worker_init = plumbline_guard.post_worker_init
gc.disable()


def on_starting(arbiter):
    plumbline_pages.load_pages()  # in the master, so that its workers share them


def when_ready(arbiter):
    plumbline_guard.when_ready(arbiter)
    gc.collect()
    gc.freeze()  # pages of the application stay shared between master and workers


def post_fork(arbiter, worker):
    gc.enable()
