# heroku/python-getting-started: aligned timeouts, 5 threads a worker, no nginx (the router speaks to gunicorn).
worker_class = "gthread"
workers = 5
threads = 5
timeout = 20
graceful_timeout = 20
keepalive = 95
forwarded_allow_ips = "*"
