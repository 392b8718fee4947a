from flask import Flask
from langdetect import detect


def create_app() -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def index() -> str:
        return detect("Ein Satz, wie man ihn in Berlin sagt")

    @app.get("/fails")
    def fails() -> str:
        raise RuntimeError("the view of the factory fails")

    return app
