import type { RandomRoutes, Spec } from "./random-routes.ts";
import type { Random } from "./random.ts";

/** Namespaces of random proxies, and of what they refer to. */
export const NAMESPACES: readonly string[] = ["t1", "t2"];

/** The Secret of the certificate for clients that name no host here, as `routing.fallbackCertificate` has it. */
export const FALLBACK_CERTIFICATE = { namespace: "t2", name: "cert" } as const;

/** Random `spec.virtualhost` of root proxies: valid by schema, with every way to be wrong beyond it. */
export class RandomVirtualHosts {
  readonly #random: Random;
  readonly #hosts: readonly string[];
  readonly #routes: RandomRoutes;

  constructor(random: Random, hosts: readonly string[], routes: RandomRoutes) {
    this.#random = random;
    this.#hosts = hosts;
    this.#routes = routes;
  }

  virtualHost(): Spec {
    const random = this.#random;
    return {
      fqdn: random.pick(this.#hosts),
      ...(random.chance(0.4) ? { tls: this.#tls() } : {}),
      ...(random.chance(0.2)
        ? { corsPolicy: { allowOrigin: [random.pick(["*", "https://a.test", "("])], allowMethods: ["GET"] } }
        : {}),
      ...(random.chance(0.2) ? { ipDenyPolicy: [this.#routes.range()] } : {}),
      ...(random.chance(0.1) ? { ipAllowPolicy: [this.#routes.range()] } : {}),
      ...(random.chance(0.1) ? { rateLimitPolicy: { local: { requests: 5, unit: "second" } } } : {}),
      ...(random.chance(0.1) ? { jwtProviders: [this.#jwtProvider()] } : {}),
      ...(random.chance(0.1) ? { authorization: this.#authorization() } : {}),
    };
  }

  #authorization(): Spec {
    const random = this.#random;
    return {
      extensionRef: { name: random.pick(["e1", "gone"]), namespace: random.pick(NAMESPACES) },
      ...(random.chance(0.3) ? { authPolicy: { disabled: true } } : {}),
      ...(random.chance(0.3) ? { failOpen: true } : {}),
      ...(random.chance(0.3) ? { responseTimeout: random.pick(["1s", "infinity"]) } : {}),
      ...(random.chance(0.3) ? { serviceType: "http" } : {}),
    };
  }

  #jwtProvider(): Spec {
    const random = this.#random;
    const keys = [
      { remoteJWKS: { uri: random.pick(["http://192.0.2.1/jwks", "https://127.0.0.1/", "ftp://a.test", "keys"]) } },
      { localJWKS: { secretName: random.pick(["cert", "gone"]), key: "tls.crt" } },
    ];
    return { name: "p", ...(random.chance(0.5) ? { default: true } : {}), ...random.pick(keys) };
  }

  #tls(): Spec {
    const random = this.#random;
    const clients = [{ skipClientCertValidation: true }, { caSecret: random.pick(["ca", "gone"]) }, {}];
    return {
      ...(random.chance(0.8) ? { secretName: random.pick(["cert", "t2/cert"]) } : {}),
      ...(random.chance(0.2) ? { passthrough: true } : {}),
      ...(random.chance(0.3) ? { minimumProtocolVersion: random.pick(["1.1", "1.3"]) } : {}),
      ...(random.chance(0.3) ? { clientValidation: random.pick(clients) } : {}),
      ...(random.chance(0.3) ? { enableFallbackCertificate: true } : {}),
    };
  }
}
