"""oslo.db gives a SQLite file a NullPool, which refuses pool_timeout: it is unset once Octavia has read its configuration."""

from octavia.common import config
from oslo_config import cfg

_init = config.init


def init(args, **options):
    _init(args, **options)
    cfg.CONF.set_override("pool_timeout", None, group="database")


config.init = init
