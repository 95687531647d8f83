import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { until } from "../../integration/support/until.ts";

const BED = resolve(import.meta.dirname, "../bed");
const execute = promisify(execFile);

/** The APIs by name, with their WSGI module and port. */
const APIS = {
  keystone: ["keystone.wsgi.api", 5000],
  octavia: ["octavia.wsgi.api", 9876],
  neutron: ["neutron.wsgi.api", 9696],
  nova: ["nova.wsgi.osapi_compute", 8774],
} as const;
export type Api = keyof typeof APIS;

/** A file that says that what is beside it was seeded to the end. */
const SEEDED = "complete";
const STATE = ["db", "fernet-keys", "credential-keys"];

/**
 * Keystone, Octavia, Neutron and Nova, the real ones, with two projects (see test/openstack/bed). The first start seeds them, in two
 * minutes; later ones begin with what was seeded, in 20 s. About 700 MB. Their ports are fixed: it wants a network namespace.
 */
export class OpenStackBed implements AsyncDisposable {
  readonly authUrl = "http://127.0.0.1:5000";
  readonly #lib: string;
  readonly #run: string;
  readonly #children = new Map<string, ChildProcess>();

  private constructor(folder: string) {
    this.#lib = join(folder, "lib");
    // Nova's tables hold absolute paths, so what is seeded stays where it is.
    this.#run = `${folder}-run`;
  }

  static async start(): Promise<OpenStackBed> {
    const folder = process.env["BINNACLE_OPENSTACK"];
    if (folder === undefined || folder === "")
      throw new Error(
        'BINNACLE_OPENSTACK is not set; run this test by "npm run test:openstack", which installs it once',
      );
    const bed = new OpenStackBed(folder);
    try {
      await bed.#begin();
    } catch (error) {
      await bed[Symbol.asyncDispose]();
      throw error;
    }
    return bed;
  }

  /** A provider reports a status, as a health monitor's verdict is told. */
  async report(kind: "members" | "pools" | "loadbalancers", id: string, operatingStatus: string): Promise<void> {
    await this.#python(["octavia_status.py", this.#config("octavia"), kind, id, `operating_status=${operatingStatus}`]);
  }

  /** The API takes connections and answers nothing until {@link thaw}. */
  freeze(api: Api): void {
    this.#children.get(api)?.kill("SIGSTOP");
  }

  thaw(api: Api): void {
    this.#children.get(api)?.kill("SIGCONT");
  }

  /** Keystone's tokens hold for so long from now on: it is started anew. Those that it gave before stay as they are. */
  async tokensLast(seconds: number): Promise<void> {
    const config = this.#config("keystone");
    const settings = await readFile(config, "utf8");
    await writeFile(config, settings.replace(/^expiration=.*$/m, `expiration=${seconds}`));
    await kill(this.#children.get("keystone"));
    this.#serve("keystone");
    await this.#answers("keystone");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children.values()].map(kill));
  }

  async #begin(): Promise<void> {
    const snapshot = join(this.#run, "seeded");
    const isSeeded = existsSync(join(snapshot, SEEDED));
    for (const name of STATE) await rm(join(this.#run, name), { recursive: true, force: true });
    for (const name of ["etc", "log", "db", "neutron/lock", "nova/lock"])
      await mkdir(join(this.#run, name), { recursive: true });
    await this.#configure();
    if (isSeeded) for (const name of STATE) await cp(join(snapshot, name), join(this.#run, name), { recursive: true });
    else await this.#makeDatabases();
    const apis = Object.keys(APIS) as Api[];
    for (const api of apis) this.#serve(api);
    this.#spawn("octavia-activate", ["octavia_activate.py", "--config-file", this.#config("octavia")]);
    for (const api of apis) await this.#answers(api);
    if (isSeeded) return;
    await this.#python(["seed_services.py"]);
    await this.#python(["seed_teams.py"]);
    await this.#python(["seed_nova.py", this.#config("nova")]);
    await rm(snapshot, { recursive: true, force: true });
    for (const name of STATE) await cp(join(this.#run, name), join(snapshot, name), { recursive: true });
    await writeFile(join(snapshot, SEEDED), "");
  }

  async #configure(): Promise<void> {
    for (const name of await readdir(join(BED, "etc"))) {
      const template = await readFile(join(BED, "etc", name), "utf8");
      await writeFile(
        join(this.#run, "etc", name),
        template.replaceAll("@LIB@", this.#lib).replaceAll("@RUN@", this.#run),
      );
    }
    await cp(join(this.#lib, "etc/nova/api-paste.ini"), join(this.#run, "etc/nova-api-paste.ini"));
  }

  async #makeDatabases(): Promise<void> {
    const keystone = (...args: readonly string[]) => this.#tool("keystone-manage", "keystone", args);
    const nova = (...args: readonly string[]) => this.#tool("nova-manage", "nova", args);
    const { stdout } = await execute("id", ["-un"]);
    const owner = ["--keystone-user", stdout.trim(), "--keystone-group", (await execute("id", ["-gn"])).stdout.trim()];
    await keystone("db_sync");
    await keystone("fernet_setup", ...owner);
    await keystone("credential_setup", ...owner);
    const urls = ["admin", "public", "internal"].map((name) => `--bootstrap-${name}-url=${this.authUrl}/v3/`);
    await keystone("bootstrap", "--bootstrap-password", "admin", ...urls, "--bootstrap-region-id", "RegionOne");
    await this.#python(["octavia_db.py", "--config-file", this.#config("octavia")]);
    await this.#python(["neutron_db.py", "--config-file", this.#config("neutron")]);
    await nova("api_db", "sync");
    await nova("cell_v2", "map_cell0", "--database_connection", `sqlite:///${this.#run}/db/nova_cell0.sqlite`);
    await nova("db", "sync");
    await nova("cell_v2", "create_cell", "--name", "cell1");
  }

  #serve(api: Api): void {
    const [module, port] = APIS[api];
    const config = api === "nova" ? [] : ["--config-file", this.#config(api)];
    this.#spawn(api, ["serve.py", api, module, String(port), ...config]);
  }

  async #answers(name: Api): Promise<void> {
    const child = this.#children.get(name);
    const [, port] = APIS[name];
    const ask = async (): Promise<boolean> => {
      if (child?.exitCode !== null) throw new Error("it has ended");
      return (await fetch(`http://127.0.0.1:${port}/`)).status < 500;
    };
    await until(ask, { what: `${name} to answer`, timeoutMs: 120_000, intervalMs: 200 }).catch(
      async (error: unknown) => {
        const log = await readFile(join(this.#run, "log", `${name}.out`), "utf8");
        throw new Error(`${name}: ${log.slice(-2000)}`, { cause: error });
      },
    );
  }

  #config(name: string): string {
    return join(this.#run, "etc", `${name}.conf`);
  }

  #spawn(name: string, args: readonly string[]): void {
    const log = openSync(join(this.#run, "log", `${name}.out`), "w");
    const child = spawn("python3", [join(BED, args[0] ?? ""), ...args.slice(1)], {
      cwd: this.#run,
      env: this.#environment(),
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#children.set(name, child);
  }

  async #python([script = "", ...args]: readonly string[]): Promise<void> {
    await execute("python3", [join(BED, script), ...args], {
      cwd: this.#run,
      env: this.#environment(),
      maxBuffer: 1e8,
    });
  }

  async #tool(name: string, config: string, args: readonly string[]): Promise<void> {
    const command = [join(this.#lib, "bin", name), "--config-file", this.#config(config), ...args];
    await execute("python3", command, { cwd: this.#run, env: this.#environment(), maxBuffer: 1e8 });
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env["PATH"],
      HOME: this.#run,
      PYTHONPATH: [this.#lib, BED].join(":"),
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONWARNINGS: "ignore",
      OS_NOVA_DISABLE_EVENTLET_PATCHING: "1",
      OS_KEYSTONE_CONFIG_FILES: this.#config("keystone"),
      OS_NOVA_CONFIG_DIR: join(this.#run, "etc"),
      OS_NOVA_CONFIG_FILES: "nova-api-paste.ini;nova.conf",
      OS_AUTH_URL: `${this.authUrl}/v3`,
      OS_USERNAME: "admin",
      OS_PASSWORD: "admin",
      OS_PROJECT_NAME: "admin",
      OS_USER_DOMAIN_NAME: "Default",
      OS_PROJECT_DOMAIN_NAME: "Default",
      OS_REGION_NAME: "RegionOne",
      OS_IDENTITY_API_VERSION: "3",
    };
  }
}

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
