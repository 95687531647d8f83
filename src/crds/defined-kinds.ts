/** The kinds that API servers do not know by themselves, those of today first. */
export const DEFINED_KINDS = ["HTTPProxy", "TLSCertificateDelegation", "ExtensionService", "IngressRoute"] as const;
export type DefinedKind = (typeof DEFINED_KINDS)[number];

/** Those that are printed unless others are asked for: what one of before is for, the clusters that have it know. */
export const STANDARD_KINDS: readonly DefinedKind[] = ["HTTPProxy", "TLSCertificateDelegation", "ExtensionService"];
