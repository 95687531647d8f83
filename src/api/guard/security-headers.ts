import type { ServerResponse } from "node:http";

/**
 * What our own pages may do: load from here, nothing inline, no frame, no base. `connect-src 'self'` covers the WebSocket
 * (CSP Level 3 §6.7.2.8 lets a host's ws: match its http:).
 */
export const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Set on every answer first; a page with other needs replaces its Content-Security-Policy. */
export function setSecurityHeaders(response: ServerResponse, secure: boolean): void {
  response.setHeader("Content-Security-Policy", CONSOLE_POLICY);
  response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  response.setHeader("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
  response.setHeader("Referrer-Policy", "no-referrer");
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("X-Frame-Options", "DENY");
  response.setHeader("Cache-Control", "no-store");
  if (secure) response.setHeader("Strict-Transport-Security", "max-age=31536000");
}
