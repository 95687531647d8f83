import type { Config } from "#config/config.ts";
import { isLocalAddress } from "#translate/local-address.ts";
import type { RateLimitSettings, TranslateSettings } from "#translate/settings.ts";

/** What translation needs of the configuration. `ownAddresses` are all addresses of this machine's interfaces. */
export function translateSettings(config: Config, ownAddresses: readonly string[]): TranslateSettings {
  const { ingressClass, claimUnclassed, httpsRedirect, tls, requestTimeout, connectTimeout } = config.routing;
  const { rootNamespaces, permitInsecure, rateLimit, fallbackCertificate } = config.routing;
  return {
    listeners: config.listeners.map(({ http3, http3Port, ...listener }) => ({
      ...listener,
      ...(http3 ? { http3: { advertisedPort: http3Port ?? listener.port } } : {}),
    })),
    ingressClass,
    claimUnclassed,
    httpsRedirect,
    proxies: {
      rootNamespaces,
      permitInsecure,
      ...(rateLimit === undefined ? {} : { rateLimit: rateLimitOf(rateLimit) }),
    },
    tls,
    ...(fallbackCertificate === undefined ? {} : { fallbackCertificate: reference(fallbackCertificate) }),
    requestTimeout,
    connectTimeout,
    upstreams: {
      allowLocal: config.upstreams.allowLocal,
      ownAddresses: ownAddresses.filter((address) => !isLocalAddress(address)),
      externalName: config.upstreams.externalName,
    },
    acme: config.acme !== undefined,
  };
}

function rateLimitOf({ extensionService, ...how }: NonNullable<Config["routing"]["rateLimit"]>): RateLimitSettings {
  return { ...reference(extensionService), ...how };
}

function reference(text: string): { readonly namespace: string; readonly name: string } {
  const [namespace = "", name = ""] = text.split("/");
  return { namespace, name };
}
