/** Retried unless an object says otherwise: only what surely never reached the upstream's program. */
export const SAFE_RETRIES = "connect-failure,refused-stream,reset-before-request";
