from contextlib import asynccontextmanager

from fastapi import FastAPI

state = {}


@asynccontextmanager
async def lifespan(app):
    state["started"] = True
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/")
async def index():
    return {"framework": "FastAPI", **state}


@app.get("/in-a-thread")
def in_a_thread():
    return {"framework": "FastAPI"}
