import { z } from "zod";
import { path } from "../setting.ts";

/** `backends[].kubernetes` */
export function kubernetesPlatform(fromHere: (path: string) => string) {
  return z.strictObject({
    kubeconfig: path(fromHere).describe("The kubeconfig file; new credentials in it are taken without a restart."),
    context: z.string().min(1).exactOptional().describe("The context in it; its current one unless given."),
  });
}
