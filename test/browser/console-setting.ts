import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { build } from "vite";
import type { Api, ApiOptions } from "#api/api.ts";
import { freePort } from "../integration/support/free-port.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { launchChromium } from "./chromium.ts";
import { startSimulatedAlertmanager } from "./simulated/simulated-alertmanager.ts";
import { SimulatedTraffic } from "./simulated/simulated-traffic.ts";
import { startSimulated } from "./simulated/start-simulated.ts";

const CONSOLE_SOURCES = join(import.meta.dirname, "../../src/console");
/** Milliseconds between frames of the feed. */
const FRAME = 100;
/** Milliseconds for each step of a page; they decide only how a test that fails ends, also on a machine that is busy with others. */
const PATIENCE = 90_000;

/** A built console, a server with an invented appliance behind it, and a browser: all of it ends with the test. */
export class ConsoleSetting {
  readonly traffic = new SimulatedTraffic(7);
  /** What a browser complained about: errors in its console, exceptions, refusals by the Content-Security-Policy. */
  readonly complaints: string[] = [];
  /** Requests that left the server's own address. */
  readonly strayed: string[] = [];
  /** The appliance's own, which signs in. */
  readonly token: string;
  readonly #browser: Browser;
  readonly #startApi: (port: number) => Promise<Api>;
  #api: Api | undefined;

  private constructor(
    browser: Browser,
    token: string,
    startApi: (port: number, traffic: SimulatedTraffic) => Promise<Api>,
  ) {
    this.#browser = browser;
    this.token = token;
    this.#startApi = (port) => startApi(port, this.traffic);
  }

  static async start(t: TestContext, changes: Partial<ApiOptions> = {}): Promise<ConsoleSetting> {
    const stack = new AsyncDisposableStack();
    t.after(() => stack.disposeAsync());
    const state = stack.use(await temporaryDirectory("console-state"));
    const built = stack.use(await temporaryDirectory("console-built"));
    const alertmanager = stack.use(await startSimulatedAlertmanager());
    await build({
      root: CONSOLE_SOURCES,
      configFile: join(CONSOLE_SOURCES, "vite.config.ts"),
      logLevel: "error",
      build: { outDir: built.path, emptyOutDir: true },
    });
    const browser = stack.use(await launchChromium());
    const token = randomBytes(32).toString("base64url");
    const monitoring = { alertmanager: { url: () => alertmanager.url }, ...changes.monitoring };
    const setting = new ConsoleSetting(browser, token, (port, traffic) =>
      startSimulated(state.path, token, { port, traffic, consoleDirectory: built.path, ...changes, monitoring }),
    );
    await setting.restart();
    stack.defer(() => setting.stop());
    const timer = setInterval(() => setting.traffic.advance(), FRAME);
    stack.defer(() => clearInterval(timer));
    return setting;
  }

  get api(): Api {
    if (this.#api === undefined) throw new Error("the API does not run");
    return this.#api;
  }

  async stop(): Promise<void> {
    await this.#api?.[Symbol.asyncDispose]();
  }

  /** On the port and with the sessions of before, if there was one. */
  async restart(): Promise<void> {
    // One that nobody else takes while the API is away.
    this.#api = await this.#startApi(this.#api?.port ?? (await freePort()));
  }

  /** A page that is signed in by a link and shows its first requests. */
  async open(hash = "", options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.blank(options);
    await page.goto(`${this.api.mintSignInLink().url}${hash}`);
    await page.locator(".tail-row").first().waitFor();
    return page;
  }

  /** A page of nobody, which has gone nowhere yet. */
  async blank(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== this.api.url)
        this.strayed.push(request.url());
    });
    return page;
  }
}
