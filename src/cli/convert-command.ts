import { type Command, Option } from "commander";
import type { CliContext } from "./context.ts";
import type { ConvertFlags } from "./convert.ts";

const HELP = `
IngressRoute and TLSCertificateDelegation of contour.heptio.com/v1beta1 become
HTTPProxy and TLSCertificateDelegation of projectcontour.io/v1; other objects
stay as they are. IngressRoutes that delegate to each other belong into one
call. What cannot be said the same way is told on standard error, with file and
line. Where something cannot be converted nothing is printed, and the exit code
is 1.

Examples:
  binnacle convert manifests/ > httpproxies.yaml
  kubectl get -A -o yaml \\
    ingressroutes,tlscertificatedelegations.contour.heptio.com |
    binnacle convert - | kubectl apply -f -
`;

/** Adds `binnacle convert` to the program. */
export function addConvertCommand(program: Command, context: CliContext, exit: (code: number) => void): void {
  program
    .command("convert")
    .description("turn IngressRoutes into HTTPProxies: manifests in, manifests out")
    .argument("<files...>", "manifests or folders; - for standard input")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["yaml", "json"]).default("yaml"))
    .addHelpText("after", HELP)
    .action(async (files: string[], flags: ConvertFlags) =>
      exit(await (await import("./convert.ts")).convert(files, flags, context)),
    );
}
