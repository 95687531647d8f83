import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { Config } from "#config/config.ts";
import { bytesHash } from "#lib/canonical.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import type { StateDirectory } from "#supervisor/state-directory.ts";
import type { GatewaySettings } from "#translate/gateway-settings.ts";
import type { ControlPlane } from "../control-plane.ts";

type GatewayConfig = NonNullable<Config["backends"][number]["gateway"]>;
/** The PEM text that a setting names: a file, or a key of a Secret. */
type ReadText = (name: string) => string;

/** How often certificates are looked at: they are renewed days before they expire. */
const LOOK_EVERY = 60_000;

/** What the upstreams of backends are reached through. */
export interface Gateways {
  /** From now on; undefined: directly. Returns what is wrong, in words, and then it stays as it was. */
  set(backend: string, gateway: GatewayConfig | undefined, read: ReadText): string | undefined;
}

/**
 * Sets the gateways of the configuration, and follows their certificates. Throws with what cannot be read: to reach upstreams
 * directly instead is not for us to decide.
 */
export async function startGateways(
  { backends, xds }: Config,
  controlPlane: Pick<ControlPlane, "setGateway">,
  state: Pick<StateDirectory, "socket">,
  log: Logger,
  parts: AsyncDisposableStack,
): Promise<Gateways> {
  const configured = backends.flatMap(({ name, gateway }) => (gateway === undefined ? [] : [{ name, gateway }]));
  const set: Gateways["set"] = (backend, gateway, read) => {
    if (gateway !== undefined && xds.remote !== undefined)
      return "Envoys on other machines (xds.remote) cannot use gateways";
    try {
      controlPlane.setGateway(backend, gateway && versioned(backend, readGateway(gateway, read), state));
      return undefined;
    } catch (error) {
      return errorMessage(error);
    }
  };
  for (const { name, gateway } of configured) {
    const wrong = set(name, gateway, readText);
    if (wrong !== undefined) throw new Error(`the gateway of backend ${name} cannot be used: ${wrong}`);
  }
  const complaints = new Map<string, string>();
  const look = setInterval(() => {
    for (const { name, gateway } of configured) {
      const wrong = set(name, gateway, readText);
      if (wrong !== undefined && complaints.get(name) !== wrong)
        log.warn("changed certificates of a gateway are not taken up, those before go on", {
          backend: name,
          error: wrong,
        });
      if (wrong === undefined) complaints.delete(name);
      else complaints.set(name, wrong);
    }
  }, LOOK_EVERY).unref();
  parts.defer(() => clearInterval(look));
  return { set };
}

function versioned(
  backend: string,
  gateway: Omit<GatewaySettings, "socket" | "version">,
  state: Pick<StateDirectory, "socket">,
): GatewaySettings {
  const { host, port, protocol, tls } = gateway;
  // Renewed certificates are taken up where it stands: long streams go on.
  const version = bytesHash(JSON.stringify([host, port, protocol, tls !== undefined])).slice(0, 8);
  // A socket's name is short, whatever the backend's is.
  const socket = state.socket(`gateway-${bytesHash(`${backend} ${version}`).slice(0, 10)}.sock`);
  return { ...gateway, version, socket };
}

/** Throws where a text cannot be read, or certificate and key are no pair; the words hold nothing of a key. */
export function readGateway(
  { address, protocol, tls }: GatewayConfig,
  read: ReadText,
): Omit<GatewaySettings, "socket" | "version"> {
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  const common = { host, port: Number(address.slice(at + 1)), protocol };
  if (tls === undefined) return common;
  const authorities = read(tls.caFile);
  const { certificateFile, keyFile } = tls;
  const client =
    certificateFile === undefined || keyFile === undefined
      ? undefined
      : { chain: read(certificateFile), privateKey: read(keyFile) };
  if (!authorities.includes("-----BEGIN CERTIFICATE-----"))
    throw new Error(`${tls.caFile} holds no certificate; PEM is expected`);
  try {
    createSecureContext({ ca: authorities });
    if (client !== undefined && !isPair(client)) throw new Error("the key is another certificate's");
  } catch (cause) {
    throw new Error(
      client === undefined
        ? `the certificates in ${tls.caFile} cannot be used`
        : `${certificateFile} and ${keyFile} are no certificate with its key`,
      { cause },
    );
  }
  const serverName = tls.serverName ?? host;
  return { ...common, tls: { authorities, serverName, ...(client === undefined ? {} : { client }) } };
}

function isPair({ chain, privateKey }: { readonly chain: string; readonly privateKey: string }): boolean {
  return new X509Certificate(chain).checkPrivateKey(createPrivateKey(privateKey));
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error("a file of its TLS cannot be read; correct the path, or let this user read it", { cause });
  }
}
