import os
import time

from ledger.models import Entry


def write(token, event):
    Entry.objects.create(token=token, event=event, pid=os.getpid())


def take_long(token, seconds, mebibytes=0):
    write(token, "begun")
    eaten = b"\1" * int(mebibytes * 2**20)  # not zeros: they would take no memory
    time.sleep(seconds)
    del eaten
    write(token, "ended")
