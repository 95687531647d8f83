/** `major.minor.patch` of Prometheus or Alertmanager. */
export interface ComponentVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/**
 * From what `--version` or the build-info API says: `prometheus, version 2.42.0+ds (branch: …)`, `0.28.1`. Undefined when
 * no version stands in it, as in a program that was built by `go install`, which prints an empty one.
 */
export function parseComponentVersion(text: string): ComponentVersion | undefined {
  const match = /(?:^|version |v)(\d+)\.(\d+)\.(\d+)/m.exec(text.trim());
  if (match === null) return undefined;
  const [, major, minor, patch] = match;
  return { major: Number(major), minor: Number(minor), patch: Number(patch) };
}

/** Whether `version` is `major.minor` or newer. */
export function isAtLeast(version: ComponentVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
