/**
 * An HTTPProxy over the Services `web` of the backends `east` (weight 70) and `west` (30), which take over from each other.
 *
 * @param metadata its own name and namespace
 */
export function proxyOverBoth(metadata: { readonly namespace: string; readonly name: string }, fqdn: string): string {
  return JSON.stringify({
    apiVersion: "projectcontour.io/v1",
    kind: "HTTPProxy",
    metadata: { ...metadata, annotations: { "binnacle.dev/failover": "east-web > west-web, west-web > east-web" } },
    spec: {
      virtualhost: { fqdn },
      routes: [
        {
          services: [
            { name: "east-web", port: 80, weight: 70 },
            { name: "west-web", port: 80, weight: 30 },
          ],
          // An answer that is late because the machine is busy is no failure; a refused connection is one at once.
          healthCheckPolicy: { path: "/live", intervalSeconds: 1, timeoutSeconds: 30, healthyThresholdCount: 1 },
        },
      ],
    },
  });
}
