// Which test files one run takes.

// These need a test bed, much time or a quiet machine: they run when a PATTERN names their folder.
const apart = [
  "test/bench",
  "test/image",
  "test/kubernetes",
  "test/openstack",
  "test/partners",
  "test/platforms",
  "test/soak",
];

/** The wanted ones among `files` (paths relative to the root, with slashes). */
export function chooseTests(files, patterns) {
  const isWanted = (path) => {
    const home = apart.find((folder) => path.startsWith(`${folder}/`));
    if (home && !patterns.some((pattern) => pattern.startsWith(home))) return false;
    return patterns.length === 0 || patterns.some((pattern) => path.includes(pattern));
  };
  return files.filter(isWanted).sort();
}
