/**
 * Whether a file of this name holds manifests: `*.yaml`, `*.yml` and `*.json`. Editors' backups, locks and swap files end
 * otherwise (`x.yaml~`, `x.yaml.swp`, `#x.yaml#`) or begin with a dot.
 */
export function isManifestName(name: string): boolean {
  return !isHiddenName(name) && /\.(ya?ml|json)$/i.test(name);
}

/** Whether a file or folder is passed over: dotfiles, and the `..data` folders of Kubernetes' volumes. */
export function isHiddenName(name: string): boolean {
  return name.startsWith(".");
}
