/**
 * When an Envoy's process began, in milliseconds since the epoch, from its `/server_info`; exact to a second. The page has
 * 120 KB, nearly all of it names of extensions, so it is searched and not parsed. Throws when it has no such field.
 */
export function startOf(serverInfo: Uint8Array, now: number): number {
  const page = Buffer.from(serverInfo.buffer, serverInfo.byteOffset, serverInfo.byteLength);
  const at = page.indexOf(FIELD);
  const uptime =
    at === -1 ? null : /^"\s*:\s*"(\d+)s"/.exec(page.toString("latin1", at + FIELD.length, at + FIELD.length + 40));
  if (uptime === null) throw new Error("Envoy's /server_info has no uptime_current_epoch");
  return now - Number(uptime[1]) * 1000;
}

const FIELD = '"uptime_current_epoch';
