# Comments name values of the plan.

import plumbline_hop
import plumbline_pages

wsgi_app = "mysite.wsgi:application"
worker_class = "sync"  # appServer.workerClass
workers = 5  # appServer.workers
threads = 1  # appServer.threads
worker_connections = 1  # appServer.workerConnections
timeout = 302  # appServer.timeout
graceful_timeout = 304  # appServer.gracefulTimeout
keepalive = 0  # appServer.keepalive
max_requests = 0  # appServer.maxRequests
max_requests_jitter = 0  # appServer.maxRequestsJitter
preload_app = False  # appServer.preloadApp
backlog = 4096  # appServer.backlog
limit_request_line = 0  # bounded by nginx
limit_request_field_size = 16384  # as in nginx
worker_tmp_dir = "/dev/shm"  # a heartbeat must not wait for a disk
control_socket_disable = True


def post_worker_init(worker):
    plumbline_pages.load_pages()  # not in the first request, which has a limit
    plumbline_hop.mend(worker, request_timeout=300)  # requestTimeout
    open("/run/plumbline/serving", "w").close()  # from here on nginx calls a silent application busy, not dead
