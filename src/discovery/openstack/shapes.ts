import { z } from "zod";

/** The objects of OpenStack's APIs, as far as they are read; what else they say is left out. */

const id = z.object({ id: z.string() });

export const loadBalancerShape = z.object({
  id: z.string(),
  name: z.string().nullish(),
  admin_state_up: z.boolean().default(true),
  provisioning_status: z.string().default(""),
});

export const listenerShape = z.object({
  id: z.string(),
  protocol: z.string(),
  protocol_port: z.int(),
  admin_state_up: z.boolean().default(true),
  default_pool_id: z.string().nullish(),
  loadbalancers: z.array(id).default([]),
  l7policies: z.array(z.unknown()).default([]),
});

export const poolShape = z.object({
  id: z.string(),
  protocol: z.string().default(""),
  admin_state_up: z.boolean().default(true),
});

export const memberShape = z.object({
  address: z.string(),
  protocol_port: z.int(),
  weight: z.int().default(1),
  backup: z.boolean().nullish(),
  admin_state_up: z.boolean().default(true),
  /** LBaaS v2 had none. */
  operating_status: z.string().default("NO_MONITOR"),
  provisioning_status: z.string().default("ACTIVE"),
});

export const serverShape = z.object({
  id: z.string(),
  name: z.string().default(""),
  status: z.string().default(""),
  metadata: z.record(z.string(), z.string()).default({}),
  addresses: z
    .record(z.string(), z.array(z.object({ addr: z.string(), "OS-EXT-IPS:type": z.string().default("fixed") })))
    .default({}),
});

export type LoadBalancer = z.output<typeof loadBalancerShape>;
export type Listener = z.output<typeof listenerShape>;
export type Pool = z.output<typeof poolShape>;
export type Member = z.output<typeof memberShape>;
export type Server = z.output<typeof serverShape>;
