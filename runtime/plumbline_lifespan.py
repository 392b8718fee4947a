"""The start of an ASGI application takes as long as it takes.

gunicorn waits 30 s for it, and then serves without it (27.0.1, asgi/lifespan.py): every request would find half of what
it needs. Who waits for the whole machine gives up at `TimeoutStartSec`.
"""

import asyncio

from gunicorn.asgi import lifespan


def wait_for_startup():
    """gunicorn's worker asks the module for the class when it starts."""
    lifespan.LifespanManager = PatientLifespan


class PatientLifespan(lifespan.LifespanManager):
    async def startup(self):
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.4"}, "state": self.state}
        await self._receive_queue.put({"type": "lifespan.startup"})
        self._task = asyncio.create_task(self._run_lifespan(scope))
        await self._startup_complete.wait()
        if self._startup_failed:
            self._task.cancel()
            # Without a report it has no lifespan (`auto`), and serves without one.
            kind = lifespan.LifespanStartupFailed if self._startup_reported else RuntimeError
            raise kind(f"Lifespan startup failed: {self._startup_error or 'Unknown error'}")
