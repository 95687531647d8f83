/** Why a request failed, in the words of Kubernetes' `metav1.StatusReason`. */
export type StatusReason =
  | "BadRequest"
  | "Unauthorized"
  | "Forbidden"
  | "NotFound"
  | "MethodNotAllowed"
  | "NotAcceptable"
  | "Expired"
  | "TooManyRequests"
  | "InternalError"
  | "ServiceUnavailable";

const CODES: Readonly<Record<StatusReason, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  Expired: 410,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
};

/** Which object a failure is about. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** The plural word of the resource, as API servers fill it in. */
  readonly kind?: string;
}

/** `kind: Status`, the body of every answer of a Kubernetes API that is an error. */
export interface KubeStatus {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: "Failure";
  readonly message: string;
  readonly reason: StatusReason;
  readonly details?: StatusDetails;
  readonly code: number;
}

export function kubeStatus(reason: StatusReason, message: string, details?: StatusDetails): KubeStatus {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code: CODES[reason],
  };
}

/** Thrown while a request is answered; its message reaches the client. */
export class KubeFailure extends Error {
  readonly status: KubeStatus;

  constructor(reason: StatusReason, message: string, details?: StatusDetails) {
    super(message);
    this.status = kubeStatus(reason, message, details);
  }
}

/** The reason that fits an HTTP status of ours. */
export function reasonOf(code: number): StatusReason {
  const found = Object.entries(CODES).find(([, known]) => known === code)?.[0] as StatusReason | undefined;
  return found ?? (code >= 500 ? "InternalError" : "BadRequest");
}
