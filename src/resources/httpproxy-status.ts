/** What is said about a proxy, by whoever found it out. */
export interface ProxyProblem {
  readonly severity: "error" | "warning";
  /** Contour's group: `RouteError`. Absent where no translation said it. */
  readonly type?: string;
  readonly reason: string;
  readonly path: string;
  readonly message: string;
  readonly fix?: string;
}

/** metav1.Condition without its time, as Contour's `errors` and `warnings` hold it: `status: True` is that it stands. */
export interface SubCondition {
  readonly type: string;
  readonly status: "True";
  readonly reason: string;
  readonly message: string;
}

/** Contour's DetailedCondition `Valid`, without its time. */
export interface ValidCondition {
  readonly type: "Valid";
  readonly status: "True" | "False";
  readonly reason: "Valid" | "ErrorPresent" | "Orphaned";
  readonly message: string;
  readonly observedGeneration?: number;
  readonly errors?: readonly SubCondition[];
  readonly warnings?: readonly SubCondition[];
}

export interface HttpProxyStatus {
  readonly currentStatus: "valid" | "invalid" | "orphaned";
  readonly description: string;
  readonly conditions: readonly [ValidCondition];
}

/** What tools know Contour's own messages by. */
const ERROR_PRESENT = "At least one error present, see Errors for details";

/** The status of a proxy in Contour's form. */
export function httpProxyStatus(problems: readonly ProxyProblem[], generation: number | undefined): HttpProxyStatus {
  const condition = validCondition("HTTPProxy", problems, generation);
  const currentStatus =
    condition.status === "True" ? "valid" : condition.reason === "Orphaned" ? "orphaned" : "invalid";
  return { currentStatus, description: condition.message, conditions: [condition] };
}

/** The condition `Valid` of one of Contour's kinds, in its form. */
export function validCondition(
  kind: "HTTPProxy" | "ExtensionService",
  problems: readonly ProxyProblem[],
  generation: number | undefined,
): ValidCondition {
  const errors = grouped(problems, "error");
  const warnings = grouped(problems, "warning");
  const [first] = errors;
  const isOrphaned = errors.length === 1 && first?.type === "Orphaned";
  return {
    type: "Valid",
    status: first === undefined ? "True" : "False",
    reason: first === undefined ? "Valid" : isOrphaned ? "Orphaned" : "ErrorPresent",
    message: first === undefined ? `Valid ${kind}` : isOrphaned ? first.message : ERROR_PRESENT,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(errors.length === 0 ? {} : { errors }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/** One for each type, in the order of the problems. */
function grouped(problems: readonly ProxyProblem[], severity: ProxyProblem["severity"]): readonly SubCondition[] {
  const byType = Map.groupBy(
    problems.filter((problem) => problem.severity === severity),
    ({ type }) => type ?? "SpecError",
  );
  return [...byType].map(([type, members]): SubCondition => {
    const reasons = new Set(members.map(({ reason }) => reason));
    const [reason = ""] = reasons;
    return {
      type,
      status: "True",
      reason: reasons.size === 1 ? reason : "MultipleReasons",
      message: cut(members.map(words).join(", ")),
    };
  });
}

function words({ path, message, fix }: ProxyProblem): string {
  return `${path === "" ? "" : `${path}: `}${message}${fix === undefined ? "" : `; ${fix}`}`;
}

/** What an API server takes of a condition's message (metav1.Condition), with room for the dots. */
const LONGEST_MESSAGE = 32_760;

function cut(message: string): string {
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE - 1)}…`;
}
