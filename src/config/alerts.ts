import { z } from "zod";
import { maps, type Report, reportDuplicates, rule, text } from "#lib/schema-rules.ts";
import { nearest } from "#lib/nearest.ts";
import { duration, hostAndPort, name, path, settingKinds } from "./setting.ts";

const mailAddress = text((value) =>
  /^[^\s@]+@[^\s@]+$/.test(value)
    ? undefined
    : { message: `found ${JSON.stringify(value)}, expected an e-mail address` },
);
settingKinds.add(mailAddress, { takes: "e-mail address" });

// The message leaves the URL out: many hold a token.
const webhookUrl = text((value) =>
  /^https?:$/.test(URL.parse(value)?.protocol ?? "")
    ? undefined
    : { message: "expected a URL that begins with https:// or http://" },
);
settingKinds.add(webhookUrl, { takes: "URL" });

// Below 0.95 the alert for a fast burn, 14.4 times the allowed rate, could hardly come: more than every request cannot fail.
const objective = z.number().min(0.95).max(0.99999);
settingKinds.add(objective, { takes: "number from 0.95 to 0.99999" });

function receiver(fromHere: (path: string) => string) {
  return z
    .strictObject({
      name: name().describe("What routes call it."),
      webhook: z
        .strictObject({
          url: webhookUrl.describe("Where Alertmanager's webhook message is posted."),
          bearerTokenFile: path(fromHere)
            .exactOptional()
            .describe("File of a token that is sent as Authorization: Bearer."),
        })
        .exactOptional()
        .describe("Posts alerts to a URL."),
      email: z
        .strictObject({
          to: z.array(mailAddress).min(1).describe("Who gets the alerts."),
          from: mailAddress.describe("The sender's address."),
          smarthost: hostAndPort().describe("The mail server."),
          username: z.string().min(1).exactOptional().describe("The name to sign in with, if the server asks for it."),
          passwordFile: path(fromHere).exactOptional().describe("File of the password that belongs to it."),
          requireTls: z.boolean().default(true).describe("Whether the connection must be encrypted (STARTTLS)."),
        })
        .check(rule(checkSignIn))
        .exactOptional()
        .describe("Sends alerts as e-mail."),
    })
    .check(rule(checkReceiver));
}

/** `alerts`: who hears of what. */
export function alerts(fromHere: (path: string) => string) {
  return z
    .strictObject({
      objective: objective
        .default(0.999)
        .describe(
          "Of each route's requests, the share that must not fail over 30 days; alerts tell when failures use up what is left too fast.",
        ),
      receivers: z
        .array(receiver(fromHere))
        .default([])
        .describe("Whom alerts are sent to; without any they are only shown."),
      defaultReceiver: z
        .string()
        .exactOptional()
        .describe("The receiver of alerts that no route takes; by default the first one."),
      watchdogReceiver: z
        .string()
        .exactOptional()
        .describe(
          "The receiver that hears each minute that alerting works: for a dead man's switch that calls when it stops.",
        ),
      routes: z
        .array(
          z.strictObject({
            team: name().describe("A namespace: alerts about its objects take this route."),
            receiver: z.string().describe("The receiver's name."),
          }),
        )
        .default([])
        .describe("Receivers by team."),
      groupWait: duration(0).prefault("30s").describe("How long the first message of a group waits for more alerts."),
      groupInterval: duration(1000).prefault("5m").describe("How long further messages of a group wait."),
      repeatInterval: duration(60_000).prefault("4h").describe("How often an alert that goes on is sent again."),
    })
    .check(rule(checkAlerts))
    .transform(({ defaultReceiver, ...rest }) => ({
      ...rest,
      defaultReceiver: defaultReceiver ?? rest.receivers[0]?.name,
    }))
    .prefault({});
}

interface LooseAlerts {
  readonly receivers?: unknown;
  readonly defaultReceiver?: unknown;
  readonly watchdogReceiver?: unknown;
  readonly routes?: unknown;
}

function checkAlerts({ receivers, defaultReceiver, watchdogReceiver, routes }: LooseAlerts, report: Report): void {
  const named = maps(receivers);
  const names = named.flatMap(({ name }) => (typeof name === "string" ? [name] : []));
  reportDuplicates(
    named,
    ({ name }) => (typeof name === "string" ? `name ${name}` : undefined),
    (index, message) => report(["receivers", index, "name"], message, "give each receiver its own name"),
  );
  const mustBeKnown = (path: (string | number)[], receiver: unknown): void => {
    if (typeof receiver !== "string" || names.includes(receiver)) return;
    const meant = nearest(receiver, names);
    report(
      path,
      `no receiver has the name ${receiver}`,
      meant === undefined ? "add it to receivers" : `write ${meant}`,
    );
  };
  mustBeKnown(["defaultReceiver"], defaultReceiver);
  mustBeKnown(["watchdogReceiver"], watchdogReceiver);
  for (const [index, { receiver }] of maps(routes).entries()) mustBeKnown(["routes", index, "receiver"], receiver);
  reportDuplicates(
    maps(routes),
    ({ team }) => (typeof team === "string" ? `team ${team}` : undefined),
    (index, message) => report(["routes", index, "team"], message, "keep one of the two"),
  );
}

function checkReceiver(
  { webhook, email }: { readonly webhook?: unknown; readonly email?: unknown },
  report: Report,
): void {
  if (webhook === undefined && email === undefined) report([], "found neither webhook nor email", "add one of them");
}

function checkSignIn(
  { username, passwordFile }: { readonly username?: unknown; readonly passwordFile?: unknown },
  report: Report,
): void {
  if (username !== undefined && passwordFile === undefined) report(["passwordFile"], "missing with username", "add it");
  if (username === undefined && passwordFile !== undefined) report(["username"], "missing with passwordFile", "add it");
}
