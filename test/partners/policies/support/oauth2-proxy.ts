import { randomBytes } from "node:crypto";
import { freePort } from "../../../integration/support/free-port.ts";
import { requiredBinary } from "../../../integration/support/required-binary.ts";
import { CLIENT } from "./identity-provider.ts";
import { ServerProcess } from "./server-process.ts";

export interface OAuth2ProxyOptions {
  readonly issuer: string;
  /** Where the provider sends who has signed in. */
  readonly redirectUri: string;
  /** Audiences of tokens that are taken, beside the client's own. */
  readonly audience: string;
}

/** oauth2-proxy as a service of authorisation: 200 for who has signed in or has a good token, else the way to sign in. */
export async function startOAuth2Proxy({ issuer, redirectUri, audience }: OAuth2ProxyOptions): Promise<ServerProcess> {
  const port = await freePort();
  const args = [
    `--http-address=127.0.0.1:${port}`,
    "--provider=oidc",
    `--oidc-issuer-url=${issuer}`,
    `--client-id=${CLIENT.id}`,
    `--client-secret=${CLIENT.secret}`,
    `--redirect-url=${redirectUri}`,
    `--oidc-extra-audience=${audience}`,
    `--cookie-secret=${randomBytes(16).toString("hex")}`,
    // What it sees is plain HTTP.
    "--cookie-secure=false",
    "--email-domain=*",
    "--scope=openid email profile",
    "--code-challenge-method=S256",
    "--reverse-proxy",
    "--set-xauthrequest",
    "--skip-provider-button",
    "--skip-jwt-bearer-tokens",
    "--oidc-email-claim=sub",
    "--upstream=static://200",
  ];
  return ServerProcess.start({ command: requiredBinary("BINNACLE_OAUTH2_PROXY"), args, port });
}
