"""Requests that send a token through the database: another one that comes back is another process's row."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field


@dataclass
class Result:
    foreign: int = 0
    errors: int = 0
    pids: dict = field(default_factory=dict)  # backend -> the processes that used it


def send_tokens(server, count):
    def one(number):
        token = f"{number}-{os.urandom(8).hex()}"
        return token, server.get(f"/rows?token={token}")

    result = Result()
    with ThreadPoolExecutor(12) as pool:
        for token, answer in pool.map(one, range(count)):
            if answer.status != 200:
                result.errors += 1
                continue
            answer = json.loads(answer.body)
            result.foreign += set(answer["tokens"]) != {token}
            for backend in answer["backends"]:
                result.pids.setdefault(backend, set()).add(answer["pid"])
    return result
