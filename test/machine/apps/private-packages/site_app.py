from importlib.metadata import version

import farewell
import greeting
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return {"greeting": [greeting.WORD, version("greeting")], "farewell": [farewell.WORD, version("farewell")]}
