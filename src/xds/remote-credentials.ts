import * as grpc from "@grpc/grpc-js";
import type { Logger } from "#lib/log.ts";
import { alternativeNames, comparableName } from "./remote-names.ts";
import { readTlsFiles, type TlsFiles, type TlsMaterial } from "./tls-files.ts";
import { TlsFilesWatch } from "./tls-files-watch.ts";

export interface RemoteCredentialsOptions extends TlsFiles {
  /**
   * The alternative names of which a client's certificate must carry one: DNS names, IP addresses or URIs as they stand in
   * it. Without it every certificate of the authority lets in.
   */
  readonly allowedNames?: readonly string[];
  readonly log: Logger;
}

/**
 * What a gRPC service needs to serve Envoys of other machines: TLS with certificates on both sides, from files that are
 * followed. A renewed certificate is used for the next connection; those that are open go on. One of these serves any
 * number of services of this process.
 */
export class RemoteCredentials implements Disposable {
  readonly #credentials: FileCredentials;
  readonly #watch: TlsFilesWatch;

  /** Throws with the file that is at fault. */
  constructor(options: RemoteCredentialsOptions) {
    const { allowedNames, log } = options;
    const material = readTlsFiles(options);
    warnOfExpiry(material, options, log);
    this.#credentials = new FileCredentials(material, allowedNames, log);
    this.#watch = new TlsFilesWatch(
      options,
      material.hash,
      (renewed) => {
        this.#credentials.renew(renewed);
        warnOfExpiry(renewed, options, log);
        log.info("the certificate for remote Envoys was renewed", { until: new Date(renewed.notAfter).toISOString() });
      },
      log,
    );
  }

  get server(): grpc.ServerCredentials {
    return this.#credentials;
  }

  /** Follows the files no longer. What listens goes on with the last ones. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}

/** It is used all the same: an Envoy whose clock is behind, or one that does not look, is better served than none. */
function warnOfExpiry({ notAfter }: TlsMaterial, { certificateFile }: TlsFiles, log: Logger): void {
  if (notAfter > Date.now()) return;
  log.warn("the certificate for remote Envoys has expired, and they will refuse it", { file: certificateFile });
}

/** As grpc-js-xds makes its own: the base class takes a new secure context and hands it to every listener. */
class FileCredentials extends grpc.ServerCredentials {
  readonly #interceptors: grpc.ServerInterceptor[];

  constructor({ context }: TlsMaterial, allowedNames: readonly string[] | undefined, log: Logger) {
    super({ requestCert: true, rejectUnauthorized: true }, context);
    this.#interceptors = allowedNames === undefined ? [] : [onlyFor(allowedNames, log)];
  }

  renew({ context }: TlsMaterial): void {
    this.updateSecureContextOptions(context);
  }

  override _getInterceptors(): grpc.ServerInterceptor[] {
    return this.#interceptors;
  }

  override _equals(other: grpc.ServerCredentials): boolean {
    return this === other;
  }
}

/** The handshake lets in whoever the authority signed for; here the name is looked at. */
function onlyFor(allowedNames: readonly string[], log: Logger): grpc.ServerInterceptor {
  const allowed = new Set(allowedNames.map(comparableName));
  const said = new Map<string, number>();
  return (_method, call) => {
    const names = alternativeNames(call.getAuthContext().sslPeerCertificate?.subjectaltname ?? "");
    if (names.some((name) => allowed.has(comparableName(name)))) return new grpc.ServerInterceptingCall(call);
    const refuse = new grpc.ServerListenerBuilder()
      .withOnReceiveMetadata(() => {
        if (isNews(said, names.join(" "))) {
          log.warn("a client is refused: no name of its certificate is among the allowed ones", {
            peer: call.getPeer(),
            names: names.join(" "),
          });
        }
        call.sendStatus({
          code: grpc.status.PERMISSION_DENIED,
          // For Envoy's log, which shows blanks as %20.
          details: "certificate_name_not_allowed",
        });
      })
      .build();
    return new grpc.ServerInterceptingCall(call, { start: (next) => next(refuse) });
  };
}

/** Milliseconds for which a refusal is not told again: who is refused tries again and again. */
const SAY_EVERY = 60_000;
const MOST_SAID = 1000;

function isNews(said: Map<string, number>, names: string): boolean {
  const now = performance.now();
  const last = said.get(names);
  if (last !== undefined && now - last < SAY_EVERY) return false;
  if (said.size >= MOST_SAID) said.clear();
  said.set(names, now);
  return true;
}
