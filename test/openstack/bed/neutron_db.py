"""Neutron's migrations refuse SQLite: its tables are made from its models."""

import sys
import warnings

warnings.simplefilter("ignore")
from neutron.common import config  # noqa: E402

config.register_common_config_options()
config.init(sys.argv[1:])
from neutron.db.migration.models import head  # noqa: E402, F401
from neutron_lib.db import api, model_base  # noqa: E402

model_base.BASEV2.metadata.create_all(api.CONTEXT_WRITER.get_engine())
