"""Stands in for a provider's controller: twice a second it turns PENDING_* into ACTIVE (or DELETED) through Octavia's own
DriverUpdater, by which a provider reports what it has done."""

import sys
import time
import warnings

warnings.simplefilter("ignore")
import octavia_sqlite  # noqa: E402, F401
from octavia.common import config  # noqa: E402

config.init(sys.argv[1:])
from octavia.api.drivers.driver_agent.driver_updater import DriverUpdater  # noqa: E402
from octavia.db import api, models  # noqa: E402

KINDS = (
    ("healthmonitors", models.HealthMonitor),
    ("members", models.Member),
    ("l7rules", models.L7Rule),
    ("l7policies", models.L7Policy),
    ("pools", models.Pool),
    ("listeners", models.Listener),
    ("loadbalancers", models.LoadBalancer),
)


def done(kind, row):
    if row.provisioning_status == "PENDING_DELETE":
        return {"id": row.id, "provisioning_status": "DELETED"}
    operating = "ONLINE" if row.enabled else "OFFLINE"
    if kind == "members" and not row.pool.health_monitor:
        operating = "NO_MONITOR"
    return {"id": row.id, "provisioning_status": "ACTIVE", "operating_status": operating}


def tick():
    session = api.get_session()
    report = {}
    with session.begin():
        for kind, model in KINDS:
            for row in session.query(model).filter(model.provisioning_status.like("PENDING%")):
                report.setdefault(kind, []).append(done(kind, row))
                if kind != "healthmonitors" or row.provisioning_status == "PENDING_DELETE":
                    continue
                # What a monitor looks at from now on is found to be up.
                for member in row.pool.members:
                    if member.provisioning_status == "ACTIVE" and member.operating_status == "NO_MONITOR":
                        report.setdefault("members", []).append({"id": member.id, "operating_status": "ONLINE"})
    session.close()
    if report:
        DriverUpdater().update_loadbalancer_status(report)


while True:
    try:
        tick()
    except Exception as error:  # A locked database, or one that is being restored: the next tick does it.
        print("again:", repr(error)[:300], flush=True)
    time.sleep(0.5)
