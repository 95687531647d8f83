"""Octavia's migrations refuse SQLite: its tables are made from its models, the look-up tables as its own functional tests do."""

import sys
import warnings

warnings.simplefilter("ignore")
import octavia_sqlite  # noqa: E402, F401
from octavia.common import config  # noqa: E402

config.init(sys.argv[1:])
from octavia.db import api, base_models, models  # noqa: E402, F401
from octavia.tests.functional.db.base import OctaviaDBTestBase  # noqa: E402

base_models.BASE.metadata.create_all(api.get_engine())
session = api.get_session()
with session.begin():
    seeder = type("Seeder", (), {"_seed_lookup_table": OctaviaDBTestBase._seed_lookup_table})()
    OctaviaDBTestBase._seed_lookup_tables(seeder, session)
