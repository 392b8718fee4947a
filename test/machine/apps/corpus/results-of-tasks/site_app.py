from flask import Flask
from jobs import add

app = Flask(__name__)


@app.get("/")
def index() -> str:
    return str(add.delay(2, 3).get(timeout=15))
