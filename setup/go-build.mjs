// The environment in which Go builds something of ours.
import { join } from "node:path";
import { cacheFolder } from "./paths.mjs";
import { withTemporary } from "./temporary.mjs";

/** Go's own caches are used and kept when Go is the machine's own; gigabytes of them are not left behind for one of ours. */
export async function withGoEnvironment(go, work) {
  const env = { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOWORK: "off" };
  if (!go.ours) return await work(env);
  return await withTemporary(cacheFolder(), "go-build", (folder) =>
    work({
      ...env,
      GOCACHE: join(folder, "build"),
      GOMODCACHE: join(folder, "modules"),
      // Modules are read-only otherwise, and only root could remove them.
      GOFLAGS: `${env.GOFLAGS || ""} -modcacherw`.trim(),
    }),
  );
}
