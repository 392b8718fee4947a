from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def index() -> dict[str, str]:
    return {"framework": "FastAPI"}


@app.get("/fails")
async def fails() -> None:
    raise RuntimeError("the endpoint of the orders fails")
