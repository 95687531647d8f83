import { type Command, Option } from "commander";
import type { BackendsFlags, FoundServicesFlags, RemovalFlags } from "./backends.ts";
import type { CommandOptions } from "./command-options.ts";
import type { ReachFlags } from "./reach-api.ts";

/** `binnacle backends …`: what discovery found, and what an operator does about it. */
export function addBackendsCommand(program: Command, { add, context, exit }: CommandOptions): void {
  const backends = program
    .command("backends")
    .description("platforms on which upstreams are found, and what is here of them");
  const listing = (name: string, description: string): Command =>
    add(backends, name, description).addOption(
      new Option("-o, --output <format>", "how to print").choices(["table", "wide", "yaml", "json"]).default("table"),
    );

  listing("list", "by backend: its state, and how many of its services and endpoints are here").action(
    async (flags: BackendsFlags) => exit(await (await import("./backends.ts")).listBackends(flags, context)),
  );
  listing("teams", "by team: what each backend brings a namespace")
    .option("-n, --namespace <namespace>", "only this namespace")
    .option("--backend <backend>", "only what this backend brings")
    .action(async (flags: FoundServicesFlags) => exit(await (await import("./backends.ts")).listTeams(flags, context)));
  listing("services", "by service: one service across the backends that have it")
    .argument("[service]", "only the service of this name upstream")
    .option("-n, --namespace <namespace>", "only those of this namespace")
    .option("--backend <backend>", "only those of this backend")
    .action(async (service: string | undefined, flags: FoundServicesFlags) =>
      exit(await (await import("./backends.ts")).listFoundServices(service, flags, context)),
    );
  listing("show", "all about one backend: errors, lag, what is held, what is kept away and why")
    .argument("<name>", "the backend")
    .action(async (name: string, flags: BackendsFlags) =>
      exit(await (await import("./backends.ts")).showBackend(name, flags, context)),
    );
  add(backends, "confirm", "let services go that are held because many went at once")
    .argument("<name>", "the backend")
    .action(async (name: string, flags: ReachFlags) =>
      exit(await (await import("./backends.ts")).confirmBackend(name, flags, context)),
    );
  add(backends, "remove", "drain a backend's endpoints, then take all of it away")
    .argument("<name>", "the backend")
    .option("--dry-run", "only say which routes need it")
    .option("--drain-time <time>", "how long its endpoints drain, at most 1h", "30s")
    .action(async (name: string, flags: RemovalFlags) =>
      exit(await (await import("./backends.ts")).removeBackend(name, flags, context)),
    );
  add(backends, "restore", "take a removal back: follow the backend again")
    .argument("<name>", "the backend")
    .action(async (name: string, flags: ReachFlags) =>
      exit(await (await import("./backends.ts")).restoreBackend(name, flags, context)),
    );
}
