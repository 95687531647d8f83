/** A monitoring program that is reached through the API only. */
export interface MonitoringTarget {
  /** Where it answers, with its path prefix: `http://127.0.0.1:9090/prometheus`. Undefined while it does not run. */
  readonly url: () => URL | undefined;
  /** The Authorization header that it wants, where it wants one. */
  readonly authorization?: string;
}

/** The programs that the appliance runs beside itself; one that is left out is not there. */
export interface MonitoringTargets {
  readonly prometheus?: MonitoringTarget;
  readonly alertmanager?: MonitoringTarget;
}
