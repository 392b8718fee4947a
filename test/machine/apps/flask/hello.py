import os

from flask import Flask, request

app = Flask(__name__)


@app.get("/")
def index():
    return "Flask answers"


@app.post("/upload")
def upload():
    return {"bytes": len(request.get_data())}


@app.get("/environment")
def environment():
    """What the service manager made of the variables that the tests set."""
    return {name: value for name, value in os.environ.items() if name.startswith("TEST_")}
