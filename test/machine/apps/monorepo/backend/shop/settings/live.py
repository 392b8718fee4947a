from .base import *  # noqa: F403

MARK = "live"
