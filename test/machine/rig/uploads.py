"""Files that are posted to the sample of `releases.uploads`, and what became of them."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

from .machine import Machine

FILES = 1000
LARGE = 3 << 20  # above Django's FILE_UPLOAD_MAX_MEMORY_SIZE such an upload comes in a temporary file
BOUNDARY = "of-the-rig"


def content(number: int) -> bytes:
    """Each is another; every hundredth is large."""
    return (f"upload {number}\n".encode() * LARGE)[: LARGE if number % 100 == 0 else 1000]


def post(machine: Machine, name: str, data: bytes, connection=None) -> dict:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = machine.http.request("POST", "/upload", body, headers, connection=connection)
    assert answer.status == 200, machine.run("journalctl -u gunicorn -n 60 -o cat")
    return answer.json()


def name_of(number: int) -> str:
    return f"photo-{number}.jpg"


def upload(machine: Machine, files: int = FILES) -> list[dict]:
    """Stores as many, and returns what was answered to each."""
    numbers = iter(range(files))

    def send(_sender: int) -> list[dict]:
        connection = machine.http.connection()
        try:
            return [post(machine, name_of(number), content(number), connection) for number in numbers]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return [answer for answers in pool.map(send, range(8)) for answer in answers]


def are_kept(machine: Machine, files: int = FILES) -> bool:
    """Whether nginx serves each as it was sent; a few are fetched, the rest is compared on the machine."""
    for number in (0, 1, files - 1):
        assert machine.get(f"/media/photos/{name_of(number)}").body == content(number)
    found = machine.run("cd /srv/data/media/photos && sha256sum photo-*.jpg", timeout=120).splitlines()
    expected = sums(files)
    # another test of this machine may have sent more
    return {name: digest for digest, name in (line.split() for line in found)}.items() >= expected.items()


def sums(files: int = FILES, algorithm: str = "sha256") -> dict[str, str]:
    return {name_of(number): hashlib.new(algorithm, content(number)).hexdigest() for number in range(files)}
