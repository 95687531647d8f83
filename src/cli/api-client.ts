import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, hasCode } from "#lib/error-code.ts";
import { pause } from "#lib/pause.ts";
import { retryAfter } from "#lib/retry-after.ts";
import { lookIntoStateDirectory } from "#supervisor/state-directory.ts";
import { CommandError } from "./context.ts";

/** File in the state directory with the API's address, written while the appliance runs. */
export const API_ADDRESS_FILE = "api-address";

const START_ONE = "start one with `npm run up`, or name its state directory with --state";
const AS_ITS_USER = "run the command as the appliance's user, or as a user of api.users with --api and --token-file";
const REACH = "look whether the address is right and can be reached";
/** Who asks too often is told when to ask again: that is done for whoever waits for the command. */
const MOST_TRIES = 5;
/** Milliseconds. */
const LONGEST_WAIT = 5_000;
const TRUST = "name the PEM file of the authority that signed its certificate in NODE_EXTRA_CA_CERTS";

/** How a command reaches an appliance. */
export interface ApiClient {
  /** `http://127.0.0.1:8600` */
  readonly url: string;
  readonly token: string;
  /** GET below /api/v1, as JSON. Throws a {@link CommandError} with the API's own words. */
  get<T>(path: string): Promise<T>;
  /** POST below /api/v1; undefined where the answer says nothing. */
  post<T>(path: string, body?: unknown): Promise<T>;
  /** GET of an answer with one JSON value a line. */
  lines<T>(path: string): Promise<readonly T[]>;
  delete(path: string): Promise<void>;
}

/** The appliance of a state directory, with its own token. `signal` ends what is being asked. */
export async function apiClient(stateDirectory: string, signal: AbortSignal): Promise<ApiClient> {
  const place = await locate(stateDirectory);
  return clientAt(place, signal, {
    unanswered: (cause) => (hasCode(cause, "ECONNREFUSED") ? notRunning(stateDirectory) : silent(place.url, cause)),
    refused: new CommandError(
      `what answers at ${place.url} does not take the token of ${stateDirectory}`,
      "another appliance may have its port: name that one's state directory with --state",
    ),
  });
}

/** The API at an address that somebody named, with the token of a file. */
export function remoteClient(
  place: Pick<ApiClient, "url" | "token"> & { readonly tokenFile: string },
  signal: AbortSignal,
): ApiClient {
  return clientAt(place, signal, {
    unanswered: (cause) => (isUntrusted(cause) ? untrusted(place.url, cause) : silent(place.url, cause)),
    refused: new CommandError(
      `${place.url} does not take the token in ${place.tokenFile}`,
      "ask an admin for one that stands among api.users; `binnacle user token` makes it",
    ),
  });
}

interface Failures {
  /** Of a request that got no answer. */
  readonly unanswered: (cause: unknown) => CommandError;
  /** Of one whose token is not good. */
  readonly refused: CommandError;
}

function clientAt(
  { url, token }: Pick<ApiClient, "url" | "token">,
  signal: AbortSignal,
  failures: Failures,
): ApiClient {
  const answer = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const headers = {
      authorization: `Bearer ${token}`,
      accept: "application/json, application/x-ndjson",
      "content-type": "application/json",
    };
    const request = { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const ask = async (): Promise<Response> =>
      fetch(`${url}/api/v1${path}`, request).catch((error: unknown) => {
        signal.throwIfAborted();
        // fetch wraps what happened in an error that says only that it failed.
        throw failures.unanswered(error instanceof Error && error.cause !== undefined ? error.cause : error);
      });
    const response = await askUntilAllowed(ask, signal);
    if (response.status === 401) throw failures.refused;
    if (!response.ok) {
      const problem = (await response.json().catch(() => ({}))) as { title?: string; detail?: string; fix?: string };
      if (problem.title === undefined) throw stranger(url, `it answered ${response.status}`);
      const detail = problem.detail === undefined ? "" : `: ${problem.detail}`;
      throw new CommandError(`${problem.title}${detail}`, problem.fix);
    }
    if (response.status !== 204 && !/json/.test(response.headers.get("content-type") ?? "")) {
      throw stranger(url, "it answered something else than JSON");
    }
    return response;
  };
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await answer(method, path, body);
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
  return {
    url,
    token,
    get: (path) => call("GET", path),
    post: (path, body) => call("POST", path, body),
    lines: async <T>(path: string): Promise<readonly T[]> => {
      const text = await (await answer("GET", path)).text();
      return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as T]));
    },
    delete: async (path) => void (await answer("DELETE", path)),
  };
}

async function askUntilAllowed(ask: () => Promise<Response>, signal: AbortSignal): Promise<Response> {
  for (let tries = 1; ; tries++) {
    const response = await ask();
    const wait = response.status === 429 ? retryAfter(response.headers.get("retry-after"), Date.now()) : 0;
    if (wait === 0 || wait > LONGEST_WAIT || tries === MOST_TRIES) return response;
    await response.body?.cancel();
    await pause(wait, signal);
  }
}

async function locate(stateDirectory: string): Promise<{ url: string; token: string }> {
  try {
    const url = (await readFile(join(stateDirectory, API_ADDRESS_FILE), "utf8")).trim();
    return { url, token: lookIntoStateDirectory(stateDirectory).token };
  } catch (cause) {
    if (hasCode(cause, "ENOENT")) throw notRunning(stateDirectory);
    const fix = hasCode(cause, "EACCES") ? AS_ITS_USER : START_ONE;
    throw new CommandError(`could not look into the state directory ${stateDirectory}`, fix, { cause });
  }
}

function notRunning(stateDirectory: string): CommandError {
  return new CommandError(`no appliance runs with the state directory ${stateDirectory}`, START_ONE);
}

function silent(url: string, cause: unknown): CommandError {
  return new CommandError(`nothing answers at ${url}`, REACH, { cause });
}

function untrusted(url: string, cause: unknown): CommandError {
  return new CommandError(`nobody here vouches for the certificate of ${url}`, TRUST, { cause });
}

/** An API Gateway's error page, another program's. */
function stranger(url: string, words: string): CommandError {
  return new CommandError(`what answers at ${url} is not Binnacle's API: ${words}`, REACH);
}

/** A certificate that nobody here vouches for, or that is for another name (Node's names of OpenSSL's reasons). */
function isUntrusted(error: unknown): boolean {
  return ["SELF_SIGNED", "UNABLE_TO", "CERT_", "ERR_TLS_CERT"].some(
    (words) => errorCode(error)?.includes(words) === true,
  );
}
