import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage } from "#lib/error-message.ts";
import { lookIntoStateDirectory } from "#supervisor/state-directory.ts";
import { CommandError } from "./context.ts";

/** File in the state directory with the API's address, written while the appliance runs. */
export const API_ADDRESS_FILE = "api-address";

const START_ONE = "start one with `npm run up`, or name its state directory with --state";

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

/** The appliance of a state directory, with its own token. */
export async function apiClient(stateDirectory: string): Promise<ApiClient> {
  return clientAt(await locate(stateDirectory), START_ONE);
}

/** `fix`: what to do when nothing answers. */
export function clientAt({ url, token }: Pick<ApiClient, "url" | "token">, fix: string): ApiClient {
  const answer = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const headers = {
      authorization: `Bearer ${token}`,
      accept: "application/json, application/x-ndjson",
      "content-type": "application/json",
    };
    const request = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await fetch(`${url}/api/v1${path}`, request).catch((cause: unknown) => {
      throw new CommandError(`nothing answers at ${url}: ${errorMessage(cause)}`, fix);
    });
    if (!response.ok) {
      const problem = (await response.json().catch(() => ({}))) as { title?: string; detail?: string; fix?: string };
      throw new CommandError(
        `${problem.title ?? `the API answered ${response.status}`}${problem.detail === undefined ? "" : `: ${problem.detail}`}`,
        problem.fix,
      );
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

async function locate(stateDirectory: string): Promise<{ url: string; token: string }> {
  try {
    const url = (await readFile(join(stateDirectory, API_ADDRESS_FILE), "utf8")).trim();
    return { url, token: lookIntoStateDirectory(stateDirectory).token };
  } catch (cause) {
    const message = `no appliance runs with the state directory ${stateDirectory}`;
    // That there is no such file says nothing more than this; any other cause does.
    throw new CommandError(message, START_ONE, isMissing(cause) ? undefined : { cause });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
