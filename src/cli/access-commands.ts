import type { Command } from "commander";
import type { CommandOptions } from "./command-options.ts";
import type { KubeconfigFlags } from "./kubeconfig.ts";
import type { LocationFlags } from "./locations.ts";
import type { RemoteEnvoyFlags } from "./remote-envoy.ts";

/** Who and what is let in: the console's link, users, kubectl, Envoys on other machines. */
export function addAccessCommands(program: Command, { add, context, exit }: CommandOptions): void {
  add(program, "sign-in", "print a link that signs in to the console once").action(async (flags: LocationFlags) =>
    exit(await (await import("./sign-in.ts")).signIn(flags, context)),
  );

  const user = program.command("user").description("make what api.users in binnacle.yaml takes");
  user
    .command("hash")
    .description("ask for a password and print its hash")
    .action(async () => exit(await (await import("./user.ts")).userHash(context)));
  user
    .command("token")
    .description("print a new token, and its hash")
    .action(async () => exit(await (await import("./user.ts")).userToken(context)));

  add(program, "kubeconfig", "print what kubectl needs to read the objects")
    .option("--output <file>", "write it to a file that only you can read")
    .option("--server <url>", "where kubectl finds the API (default: where it listens)")
    .option(
      "--certificate-authority <file>",
      "PEM file of who signed the API's certificate (default: its own authority)",
    )
    .option("--user <name>", "for a user of api.users, with a new token (default: for you, with the appliance's)")
    .option("--token-file <file>", "the user's token instead of a new one; - for standard input")
    .option("-n, --namespace <namespace>", "the namespace that kubectl means where none is named")
    .action(async (flags: KubeconfigFlags) => exit(await (await import("./kubeconfig.ts")).kubeconfig(flags, context)));

  program
    .command("remote-envoy")
    .description("print the script that prepares another machine's Envoy")
    .option("--config <file>", "configuration file, with xds.remote (default: ./binnacle.yaml)")
    .requiredOption("--id <id>", "name of that Envoy, unlike every other's")
    .requiredOption("--host <host>", "name or address of this control plane, as that machine knows it")
    .option("--server-name <name>", "DNS name in the control plane's certificate (default: the host)")
    .option("--directory <dir>", "folder of its files there", "/etc/binnacle-envoy")
    .option("--runtime-directory <dir>", "folder of its sockets there", "/run/binnacle-envoy")
    .option("--memory-mib <mib>", "memory of that machine, of which Envoy may use half", "2048")
    .action(async (flags: RemoteEnvoyFlags) =>
      exit(await (await import("./remote-envoy.ts")).remoteEnvoy(flags, context)),
    );
}
