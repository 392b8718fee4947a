workers = 64
timeout = 3
