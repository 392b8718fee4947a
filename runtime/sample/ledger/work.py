import os
import time

from ledger.models import Entry


def write(token, event):
    Entry.objects.create(token=token, event=event, pid=os.getpid())


def take_long(token, seconds):
    write(token, "begun")
    time.sleep(seconds)
    write(token, "ended")
