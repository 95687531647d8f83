import { z } from "zod";
import { type Report, rule } from "#lib/schema-rules.ts";
import { count, path, url } from "../setting.ts";
import { cycleSettings } from "./instance-settings.ts";

const word = () => z.string().min(1);

/** `backends[].openstack` */
export function openstackPlatform(fromHere: (path: string) => string) {
  return z
    .strictObject({
      authUrl: url().describe("Where Keystone is, with or without its version: `https://keystone.example.com:5000`."),
      region: word().exactOptional().describe("The region whose services are asked; needed where there are several."),
      interface: z
        .enum(["public", "internal", "admin"])
        .default("public")
        .describe("Which of the catalog's endpoints are used."),
      caFile: path(fromHere)
        .exactOptional()
        .describe("PEM file of who may have signed the APIs' certificates, instead of the machine's own authorities."),
      username: word().exactOptional().describe("A user who may read the projects."),
      userDomain: word().default("Default").describe("The name of the user's domain."),
      passwordFile: path(fromHere)
        .exactOptional()
        .describe("File that holds the user's password; read at each authentication."),
      applicationCredential: z
        .strictObject({
          id: word().describe("The id of an application credential, which reaches one project."),
          secretFile: path(fromHere).describe("File that holds its secret."),
        })
        .exactOptional()
        .describe("Instead of a user."),
      tokenFile: path(fromHere)
        .exactOptional()
        .describe("Instead of a user: file that holds a token that somebody renews."),
      ...cycleSettings,
      atOnce: count(1, 100).default(8).describe("How many requests may be under way at once."),
      loadBalancers: z
        .boolean()
        .default(true)
        .describe("Whether load balancers are found: Octavia's, or Neutron's LBaaS v2 where there is no Octavia."),
      servers: z
        .strictObject({
          serviceKey: word()
            .default("binnacle.service")
            .describe("The key of a server's metadata that names its service."),
          portKey: word().default("binnacle.port").describe("The key that names its port."),
          teamKey: word()
            .default("binnacle.team")
            .describe("The key that names its team, the project's own unless given."),
          anyTeam: z
            .boolean()
            .default(false)
            .describe("Whether a project's servers may name another team than the project's."),
          network: word().exactOptional().describe("The network whose addresses are used; any unless given."),
          addresses: z.enum(["fixed", "floating"]).default("fixed").describe("Which addresses are used."),
        })
        .exactOptional()
        .describe("Finds servers by their metadata, too."),
    })
    .check(rule(checkCredentials));
}

function checkCredentials(
  settings: Readonly<Partial<Record<"username" | "passwordFile" | "applicationCredential" | "tokenFile", unknown>>>,
  report: Report,
): void {
  const { username, passwordFile, applicationCredential, tokenFile } = settings;
  const ways = [username ?? passwordFile, applicationCredential, tokenFile].filter((way) => way !== undefined);
  if (ways.length !== 1)
    report(
      [],
      `has ${ways.length} ways to prove who it is`,
      "give it username and passwordFile, applicationCredential or tokenFile",
    );
  else if ((username === undefined) !== (passwordFile === undefined))
    report(
      [username === undefined ? "username" : "passwordFile"],
      "missing: a user has a name and a password",
      "add it",
    );
}
