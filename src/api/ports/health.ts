/** Whether the appliance lives and is ready. Asked by /healthz and /readyz, which are open: nothing secret in it. */
export interface Health {
  /** False: restart it. */
  live(): boolean;
  /** False: send it nothing yet. Ready means: home synced, each backend reported or timed out, Envoy accepted. */
  ready(): boolean;
  /** Why it is not ready, a line each; empty when it is. */
  reasons(): readonly string[];
}

/** The control plane's own metrics, in the form that Prometheus reads. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}
