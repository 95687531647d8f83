"""octavia_status.py CONFIG KIND ID FIELD=VALUE...: a provider's report of a status, through Octavia's own updater."""

import sys
import warnings

warnings.simplefilter("ignore")
import octavia_sqlite  # noqa: E402, F401
from octavia.common import config  # noqa: E402

path, kind, identity, *fields = sys.argv[1:]
config.init(["--config-file", path])
from octavia.api.drivers.driver_agent.driver_updater import DriverUpdater  # noqa: E402

status = {"id": identity, **dict(field.split("=", 1) for field in fields)}
answer = DriverUpdater().update_loadbalancer_status({kind: [status]})
if answer.get("status_code") != 200:
    raise SystemExit(f"the updater said {answer}")
