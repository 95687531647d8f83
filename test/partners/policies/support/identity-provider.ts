import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type Configuration, type JWK, Provider } from "oidc-provider";
import { listeningPort } from "../../../integration/support/free-port.ts";
import { httpGet } from "../../../integration/support/http-get.ts";

export const CLIENT = { id: "shop", secret: "the-shop-keeps-this-to-itself" };

/** An OpenID Connect provider (oidc-provider): `await using provider = await IdentityProvider.start(redirectUri);` */
export class IdentityProvider implements AsyncDisposable {
  readonly port: number;
  readonly #server: ReturnType<typeof createServer>;
  readonly #redirectUri: string;
  #listener: RequestListener | undefined;
  #serial = 0;

  private constructor(server: ReturnType<typeof createServer>, redirectUri: string) {
    this.#server = server;
    this.port = listeningPort(server);
    this.#redirectUri = redirectUri;
    server.on("request", (request, response) => this.#listener?.(request, response));
  }

  static async start(redirectUri: string): Promise<IdentityProvider> {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    const provider = new IdentityProvider(server, redirectUri);
    provider.serve([provider.newKey()]);
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get jwksUri(): string {
    return `${this.issuer}/jwks`;
  }

  newKey(): JWK {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    return { ...privateKey.export({ format: "jwk" }), kid: `key-${this.#serial++}`, alg: "RS256", use: "sig" };
  }

  /** Signs with the first of these keys from now on, and publishes all: as after a restart with another configuration. */
  serve(keys: readonly JWK[]): void {
    const provider = new Provider(this.issuer, configuration(this.#redirectUri, keys));
    const answer = provider.callback();
    this.#listener = (request, response) => void answer(request, response);
  }

  /** An access token that the client gets for itself (RFC 6749 §4.4), as a JWT for this audience. */
  async token(audience: string): Promise<string> {
    const body = new URLSearchParams({ grant_type: "client_credentials", resource: audience }).toString();
    const authorization = `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString("base64")}`;
    const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
    const answer = await httpGet(this, "/token", { method: "POST", host: `127.0.0.1:${this.port}`, headers, body });
    const { access_token: token } = JSON.parse(answer.body) as { readonly access_token?: string };
    if (token === undefined) throw new Error(`no token: ${answer.body}`);
    return token;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

function configuration(redirectUri: string, keys: readonly JWK[]): Configuration {
  return {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        grant_types: ["client_credentials", "authorization_code"],
        redirect_uris: [redirectUri],
        response_types: ["code"],
      },
    ],
    jwks: { keys: [...keys] },
    cookies: { keys: ["for tests"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username"] },
    conformIdTokenClaims: false,
    pkce: { required: () => false },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, preferred_username: id }),
    }),
    features: {
      clientCredentials: { enabled: true },
      // Its own page of sign-in, which takes any name.
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, audience) => ({
          scope: "",
          audience,
          accessTokenFormat: "jwt",
          accessTokenTTL: 3600,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  };
}
