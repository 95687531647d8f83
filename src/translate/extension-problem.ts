/** What is wrong with an ExtensionService, or passed over; types and reasons are Contour's, where it has one. */
export interface ExtensionProblem {
  readonly severity: "error" | "warning";
  readonly type: "ServiceError" | "SpecError" | "TLSError";
  readonly reason: string;
  readonly path: string;
  readonly message: string;
  readonly fix?: string;
}
