import importlib.metadata
import shutil

import docopt
import magic
import MySQLdb
from flask import Flask

app = Flask(__name__)


@app.get("/")
def versions():
    return {
        "shop": importlib.metadata.version("shop"),
        "gunicorn": importlib.metadata.version("gunicorn"),
        "docopt": docopt.__version__,
        "client of MySQL": MySQLdb.get_client_info(),
        "magic": magic.from_buffer(b"%PDF-1.7"),
        "compiler": shutil.which("gcc"),
    }
