"""A scheduled command, once in a fleet: whether this machine is the one that runs it.

    python -m plumbline_schedule begin <name> <the longest that a run may last, in seconds>
    python -m plumbline_schedule end <name>

The timers of all machines elapse in the same second, and a schedule is at most minutely. Who comes first says so in the
broker for most of a minute, so that the others pass; and that it runs, until it has ended or its time is over, so that
no machine begins the next run beside it. The exit status is for systemd's ExecCondition=: 1 passes over the command,
255 fails the unit: without the broker nobody can know whether another machine runs it, and what goes wrong here must
not look like a command that is passed over.
"""

import os
import sys
import time
import traceback

BEGINNING = 45  # seconds: clocks and busy machines differ by less, and the next run is at least a minute away
PATIENCE = 20  # seconds: a broker that restarts is back, and what it knew of the beginning is still good
POLL = 1

# Only what is still ours: a machine that was suspended may come back when another one runs.
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


def begin(broker, name, owner, longest):
    """Why this machine passes over the command; None where it is the one."""
    if not broker.set(f"{name}:begun", owner, nx=True, ex=BEGINNING):
        return "another machine runs it"
    if not broker.set(f"{name}:running", owner, nx=True, ex=longest):
        return "the last run has not ended"
    return None


def end(broker, name, owner):
    broker.eval(RELEASE, 1, f"{name}:running", owner)


def patiently(ask):
    import redis

    last = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except redis.RedisError as error:
            if time.monotonic() > last:
                say(f"the broker does not answer: {error}")
                sys.exit(255)
        time.sleep(POLL)


def say(message):
    print(f"plumbline_schedule: {message}", file=sys.stderr, flush=True)


def main(step, name, longest="0"):
    from plumbline_beat import connect  # where an import that fails is told like anything else

    # Services that share a broker may have schedules of one name; all machines of one have the same hosts.
    key = f"plumbline-schedule:{os.environ['PLUMBLINE_ALLOWED_HOSTS']}:{name}"
    broker, owner = connect(os.environ), os.environ["INVOCATION_ID"]
    if step == "end":
        patiently(lambda: end(broker, key, owner))
        return
    passed = patiently(lambda: begin(broker, key, owner, int(longest)))
    if passed:
        say(f"not here, {passed}")
        sys.exit(1)


def run():
    try:
        main(*sys.argv[1:])
    except Exception:
        traceback.print_exc()
        sys.exit(255)


if __name__ == "__main__":
    run()
