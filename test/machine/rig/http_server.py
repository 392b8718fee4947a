"""A threading HTTP server whose socket, and whose handlers' connections, are in the region's network."""

import http.server
import ssl
import threading

from .network import Network


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address) -> None:
        """A machine that is stopped hangs up in the middle of a request: nothing to report."""


def serve(network: Network, address: tuple[str, int], handler: type, tls: ssl.SSLContext | None = None) -> Server:
    with network.inside():
        server = Server(address, handler)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        # The thread, and each handler's thread that it starts, stays in the network it was started in.
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    return server
