"""`gunicorn --check-config`, which loads the application, and its pages with it: what a worker loads before it serves.

`python -m plumbline_check --config FILE` ends with a traceback and 1 where anything does not load.
"""

import sys

from gunicorn.app.wsgiapp import WSGIApplication

from plumbline_pages import load_pages


class Check(WSGIApplication):
    def load(self):
        application = super().load()
        load_pages()
        return application


if __name__ == "__main__":
    sys.argv.append("--check-config")
    Check("%(prog)s [OPTIONS] [APP_MODULE]").run()
