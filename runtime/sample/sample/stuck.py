import ctypes
import time


class Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


def hold(seconds, *, interpreter_lock):
    """Waits for a mutex that is never unlocked, until the time is over. A signal does not end that wait, other than a
    sleep: POSIX has pthread_mutex_timedlock go on after the handler, and Python runs its own handlers only afterwards.
    """
    # PyDLL keeps the interpreter's lock during a call, CDLL releases it.
    libc = (ctypes.PyDLL if interpreter_lock else ctypes.CDLL)(None)
    mutex = ctypes.create_string_buffer(64)  # zeros: PTHREAD_MUTEX_INITIALIZER of glibc, 40 to 48 bytes
    end = time.time() + seconds
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_timedlock(mutex, ctypes.byref(Timespec(int(end), int(end % 1 * 1e9))))
