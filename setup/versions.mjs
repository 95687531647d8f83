// Just enough of version numbers to say "1.40.2 is within >=1.38 <1.42".

/** The first dotted number in a text: "prometheus, version 2.42.0+ds (branch…" gives [2, 42, 0]. */
export function parseVersion(text) {
  const match = /(?:^|[^\w.])v?(\d+(?:\.\d+)+)/.exec(text);
  return match ? match[1].split(".").map(Number) : undefined;
}

export function compareVersions(a, b) {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] || 0) - (b[i] || 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

const tests = {
  ">=": (order) => order >= 0,
  ">": (order) => order > 0,
  "<=": (order) => order <= 0,
  "<": (order) => order < 0,
};

export function inRange(version, range) {
  return range
    .trim()
    .split(/\s+/)
    .every((part) => {
      const match = /^(>=|<=|>|<)(\d+(?:\.\d+)*)$/.exec(part);
      if (!match) throw new Error(`not a version range: ${range}`);
      return tests[match[1]](compareVersions(version, match[2].split(".").map(Number)));
    });
}
