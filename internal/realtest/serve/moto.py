"""Serves moto by waitress, on a free port that it prints.

moto's own server is one for development: each request has a thread, for which moto's
tables have no locks (a role made while another call lists them is answered 500), and a
connection of its own. Here one thread asks moto, and connections are kept, which takes
half the time.
"""

import logging
import os

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from waitress.server import create_server

logging.getLogger("waitress.queue").setLevel(logging.ERROR)
backends = DomainDispatcherApplication(create_backend_app)


def with_raw_uri(environ, start_response):
    environ["RAW_URI"] = environ["REQUEST_URI"]  # moto wants %2F as it was sent
    return backends(environ, start_response)


# Each client of a test keeps a connection of its own.
server = create_server(with_raw_uri, host="127.0.0.1", port=0, threads=1, connection_limit=1000, asyncore_use_poll=True)
os.environ["MOTO_PORT"] = str(server.effective_port)
print(server.effective_port, flush=True)
server.run()
