import { z } from "zod";
import { maps, type Report, reportDuplicates, rule } from "#lib/schema-rules.ts";
import { appProtocol, optionalPortName, protocol } from "#resources/fields.ts";
import { name, port } from "../setting.ts";

const servicePort = z
  .strictObject({
    name: optionalPortName.describe("Its name; needed where there are several."),
    port: port().describe("The port that routes are written with."),
    targetPort: port().exactOptional().describe("The port on the endpoints; the same unless given."),
    protocol: protocol.default("TCP").describe("TCP, UDP or SCTP."),
    appProtocol: appProtocol
      .exactOptional()
      .describe("What is spoken on it, as in a Service: `kubernetes.io/h2c`, `https`, `grpc`."),
  })
  .transform(({ port, targetPort = port, ...rest }) => ({ ...rest, port, targetPort }));

/** What a service that is written in binnacle.yaml has on every platform. */
export const writtenService = {
  name: name().describe("Its name; routes name it as `<backend>-<name>`."),
  namespace: name().describe("The namespace of the team that it belongs to."),
  ports: z.array(servicePort).min(1).check(rule(checkPorts)).describe("Its ports."),
};

function checkPorts(ports: readonly unknown[], report: Report): void {
  const entries = maps(ports);
  for (const [index, entry] of entries.entries())
    if (entries.length > 1 && entry["name"] === "")
      report([index, "name"], "missing: with several ports each needs a name", "add it");
  reportDuplicates(
    entries,
    ({ name }) => (typeof name === "string" && name !== "" ? `name ${name}` : undefined),
    (index, message) => report([index, "name"], message, "give each port its own name"),
  );
  reportDuplicates(
    entries,
    ({ port, protocol }) => (typeof port === "number" ? `${String(protocol)} port ${port}` : undefined),
    (index, message) => report([index, "port"], message, "use another port or protocol"),
  );
}

/** For the list of a platform's services: a team has each name once. */
export function checkServices(services: readonly unknown[], report: Report): void {
  reportDuplicates(
    maps(services),
    ({ namespace, name }) =>
      typeof namespace === "string" && typeof name === "string" ? `${namespace}/${name}` : undefined,
    (index, message) => report([index, "name"], message, "give each service of a namespace its own name"),
  );
}
