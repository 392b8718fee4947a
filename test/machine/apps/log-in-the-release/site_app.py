import logging.config
import os

logging.config.dictConfig(
    {
        "version": 1,
        "handlers": {"file": {"class": "logging.FileHandler", "filename": os.path.abspath("site.log")}},
        "root": {"handlers": ["file"]},
    }
)


def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]
