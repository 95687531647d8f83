import { z } from "zod";
import { PlatformError } from "../../platform-error.ts";

export interface Token {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  /** Undefined for a token of no project. */
  readonly project: Project | undefined;
  readonly catalog: readonly CatalogEndpoint[];
}

interface Project {
  readonly id: string;
  readonly name: string;
  /** Unknown to version 2.0. */
  readonly domain?: { readonly id: string; readonly name: string };
}

export interface CatalogEndpoint {
  /** `load-balancer`, `network`, `compute`. */
  readonly type: string;
  readonly region: string;
  readonly interface: "public" | "internal" | "admin";
  readonly url: string;
}

const interfaces = z.enum(["public", "internal", "admin"]);
const v3 = z.object({
  token: z.object({
    expires_at: z.string(),
    project: z
      .object({
        id: z.string(),
        name: z.string(),
        domain: z.object({ id: z.string(), name: z.string() }).exactOptional(),
      })
      .optional(),
    catalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(
            z.object({
              interface: interfaces,
              url: z.string(),
              region: z.string().nullish(),
              region_id: z.string().nullish(),
            }),
          ),
        }),
      )
      .default([]),
  }),
});

const v2 = z.object({
  access: z.object({
    token: z.object({
      id: z.string(),
      expires: z.string(),
      tenant: z.object({ id: z.string(), name: z.string() }).optional(),
    }),
    serviceCatalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(
            z.object({
              region: z.string().nullish(),
              publicURL: z.string().optional(),
              internalURL: z.string().optional(),
              adminURL: z.string().optional(),
            }),
          ),
        }),
      )
      .default([]),
  }),
});

/** Reads Keystone's answer of version 3, whose token stands in a header. Throws {@link PlatformError} for what is none. */
export function readV3Token(body: unknown, id: unknown): Token {
  const parsed = v3.safeParse(body);
  if (!parsed.success || typeof id !== "string") throw malformed();
  const { expires_at, project, catalog } = parsed.data.token;
  return {
    id,
    expires: timeOf(expires_at),
    project,
    catalog: catalog.flatMap(({ type, endpoints }) =>
      endpoints.map((endpoint) => ({
        type,
        region: endpoint.region_id ?? endpoint.region ?? "",
        interface: endpoint.interface,
        url: endpoint.url,
      })),
    ),
  };
}

/** The same of version 2.0. */
export function readV2Token(body: unknown): Token {
  const parsed = v2.safeParse(body);
  if (!parsed.success) throw malformed();
  const { token, serviceCatalog } = parsed.data.access;
  return {
    id: token.id,
    expires: timeOf(token.expires),
    project: token.tenant,
    catalog: serviceCatalog.flatMap(({ type, endpoints }) =>
      endpoints.flatMap(({ region, publicURL, internalURL, adminURL }) =>
        Object.entries({ public: publicURL, internal: internalURL, admin: adminURL }).flatMap(([name, url]) =>
          url === undefined ? [] : [{ type, region: region ?? "", interface: interfaces.parse(name), url }],
        ),
      ),
    ),
  };
}

function timeOf(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw malformed();
  return time;
}

function malformed(): PlatformError {
  return new PlatformError("Keystone answered what is no token", { kind: "invalid" });
}
