/** How the API says no: what, why and what to do. Thrown by handlers, written as JSON by the last one. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly fix: string;

  /** `detail` and `fix` reach the client: never a secret, a path on disk or another team's name. */
  constructor(status: number, title: string, detail: string, fix: string, options?: ErrorOptions) {
    super(`${title}: ${detail}`, options);
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.fix = fix;
  }
}

/** The body of every answer that is an error. */
export interface ProblemAnswer {
  readonly title: string;
  readonly detail: string;
  readonly fix: string;
}

export const notSignedIn = (): ApiProblem =>
  new ApiProblem(
    401,
    "Not signed in",
    "the request carries no valid token and no valid session",
    "open the link that `binnacle up` prints, or send the token of the state directory as Authorization: Bearer",
  );

/** Signed in, but not for this. */
export class NotAllowed extends ApiProblem {
  constructor(detail: string) {
    super(403, "Not allowed", detail, "ask somebody who may, or for the right to");
  }
}
