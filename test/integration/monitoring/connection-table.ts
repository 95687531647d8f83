import { existsSync } from "node:fs";

/** Whether this kernel keeps a table of connections: it does where something tracks them, a firewall or a container engine. */
export const HAS_CONNECTION_TABLE = existsSync("/proc/sys/net/netfilter/nf_conntrack_count");
