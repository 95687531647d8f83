import { type HttpAnswer, type HttpOptions } from "../../../integration/support/http-get.ts";

/** Sends a request to wherever a host is in the test. */
export type Send = (url: URL, options: HttpOptions) => Promise<HttpAnswer>;

/** Follows redirects and keeps each host's cookies, as far as signing in needs it. */
export class Browser {
  readonly #send: Send;
  /** By host (with its port) and name. */
  readonly #cookies = new Map<string, Map<string, string>>();
  /** Of the page that it shows. */
  url = new URL("http://nowhere.test/");

  constructor(send: Send) {
    this.#send = send;
  }

  /** @param form what is posted; without it the page is asked for. Throws after twenty redirects. */
  async open(target: string, form?: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    this.url = new URL(target, this.url);
    let answer = await this.#ask(form);
    for (let redirects = 0; answer.headers.location !== undefined; redirects++) {
      if (redirects === 20) throw new Error(`redirects without an end, now to ${answer.headers.location}`);
      this.url = new URL(answer.headers.location, this.url);
      answer = await this.#ask();
    }
    return answer;
  }

  async #ask(form?: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const { host } = this.url;
    const cookies = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, cookies);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = {
      accept: "text/html",
      ...(cookie === "" ? {} : { cookie }),
      ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
    };
    const posted = form === undefined ? {} : { method: "POST", body: new URLSearchParams(form).toString() };
    const answer = await this.#send(this.url, { host, headers, ...posted });
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  }
}
