"""serve.py NAME MODULE PORT [oslo arguments...]: one OpenStack WSGI application on 127.0.0.1:PORT, in threads, without eventlet."""

import importlib
import sys
import warnings

warnings.simplefilter("ignore")
name, module, port, *rest = sys.argv[1:]
# The applications read argv as oslo.config's.
sys.argv = [name, *rest]
if name == "octavia":
    import octavia_sqlite  # noqa: F401
application = importlib.import_module(module).application

from waitress import serve  # noqa: E402

serve(application, host="127.0.0.1", port=int(port), threads=8)
