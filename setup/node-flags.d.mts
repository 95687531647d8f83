export declare const applianceFlags: readonly string[];
