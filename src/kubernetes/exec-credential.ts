import { spawn } from "node:child_process";
import { dirname, isAbsolute, join } from "node:path";
import { isMap } from "#lib/schema-rules.ts";
import type { ExecPlugin } from "./kubeconfig.ts";

export interface ExecCredential {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Milliseconds since the epoch; without one it holds until the server refuses it. */
  readonly expires?: number;
}

export interface ExecOptions {
  /** Where a relative command is meant from. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What a plugin that asks for it is told of the cluster. */
  readonly cluster: { readonly server: string; readonly ca: string | undefined };
  /** Milliseconds after which the program is ended. */
  readonly timeout: number;
}

/** More than any credential; what a program prints beyond it is an error. */
const LONGEST_OUTPUT = 1024 * 1024;

/**
 * Runs a credential plugin (https://kubernetes.io/docs/reference/config-api/client-authentication.v1/). Throws when it cannot be
 * run, fails, takes too long or prints anything else; what it prints never stands in the error, except its own words on
 * standard error.
 */
export async function runExecPlugin(plugin: ExecPlugin, options: ExecOptions): Promise<ExecCredential> {
  const output = await outputOf(plugin, options);
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw new Error(`${plugin.command} printed no JSON`);
  }
  if (!isMap(answer) || answer["kind"] !== "ExecCredential")
    throw new Error(`${plugin.command} printed no ExecCredential`);
  const status = isMap(answer["status"]) ? answer["status"] : {};
  const { token, clientCertificateData: certificate, clientKeyData: key, expirationTimestamp } = status;
  const expires = typeof expirationTimestamp === "string" ? Date.parse(expirationTimestamp) : NaN;
  if (typeof token !== "string" && !(typeof certificate === "string" && typeof key === "string")) {
    throw new Error(`${plugin.command} printed neither a token nor a certificate with its key`);
  }
  return {
    ...(typeof token === "string" ? { token } : {}),
    ...(typeof certificate === "string" && typeof key === "string" ? { certificate, key } : {}),
    ...(Number.isNaN(expires) ? {} : { expires }),
  };
}

function outputOf(plugin: ExecPlugin, options: ExecOptions): Promise<string> {
  const { command, args, env } = plugin;
  // A command with a slash is a path from the kubeconfig's folder, any other is looked for on PATH.
  const program = command.includes("/") && !isAbsolute(command) ? join(options.directory, command) : command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...options.environment, ...env, KUBERNETES_EXEC_INFO: execInfo(plugin, options) },
      cwd: isAbsolute(program) ? dirname(program) : options.directory,
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: what a wrapper started ends with it, and holds its output open no longer.
      detached: true,
    });
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    };
    const timer = setTimeout(() => {
      end();
      reject(new Error(`${command} was ended: it gave no credentials within ${options.timeout} ms`));
    }, options.timeout);
    let output = "";
    let words = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      if (output.length > LONGEST_OUTPUT) end();
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (words = `${words}${chunk}`.slice(-500)));
    child.on("error", (cause) => {
      clearTimeout(timer);
      reject(new Error(`cannot run ${command}`, { cause }));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(output);
      const how = signal === null ? `ended with status ${code}` : `was ended by ${signal}`;
      const said = words.trim();
      reject(new Error(`${command} ${how}${said === "" ? "" : `: ${said}`}`));
    });
  });
}

function execInfo({ apiVersion, provideClusterInfo }: ExecPlugin, { cluster }: ExecOptions): string {
  const spec = {
    interactive: false,
    ...(provideClusterInfo
      ? {
          cluster: {
            server: cluster.server,
            ...(cluster.ca === undefined
              ? {}
              : { "certificate-authority-data": Buffer.from(cluster.ca).toString("base64") }),
          },
        }
      : {}),
  };
  return JSON.stringify({ kind: "ExecCredential", apiVersion, spec });
}
