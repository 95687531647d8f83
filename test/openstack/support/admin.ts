import type { OpenStackBed } from "./openstack-bed.ts";

type Answer = Readonly<Record<string, unknown>>;
type Headers = Readonly<Record<string, string>>;

/** OpenStack's APIs with the rights of whoever signs in: paths and JSON, with nothing of the code under test. */
export class Session {
  readonly #token: string;
  readonly projectId: string;

  private constructor(token: string, projectId: string) {
    this.#token = token;
    this.projectId = projectId;
  }

  static async begin(bed: OpenStackBed, user: string, password: string, project: string): Promise<Session> {
    const domain = { name: "Default" };
    const auth = {
      identity: { methods: ["password"], password: { user: { name: user, password, domain } } },
      scope: { project: { name: project, domain } },
    };
    const response = await fetch(`${bed.authUrl}/v3/auth/tokens`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ auth }),
    });
    const { token } = (await response.json()) as { token: { project: { id: string } } };
    return new Session(response.headers.get("x-subject-token") ?? "", token.project.id);
  }

  identity(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#call(method, `http://127.0.0.1:5000/v3${path}`, body);
  }

  balancing(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#call(method, `http://127.0.0.1:9876/v2.0/lbaas${path}`, body);
  }

  /** Keystone knows this token no more. A service that has been asked with it may take it for minutes yet: it remembers its answer. */
  async revoke(token: string): Promise<void> {
    await this.#call("DELETE", "http://127.0.0.1:5000/v3/auth/tokens", undefined, { "x-subject-token": token });
  }

  async #call(method: string, url: string, body?: unknown, headers: Headers = {}): Promise<Answer> {
    const response = await fetch(url, {
      method,
      headers: { "x-auth-token": this.#token, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
    return text === "" ? {} : (JSON.parse(text) as Answer);
  }
}
