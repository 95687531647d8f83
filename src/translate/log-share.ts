import type { RouteAnnotations } from "#resources/route-annotations.ts";
import type { IrRoute } from "./ir-route.ts";

/** What a route is told of the part of its requests that is logged singly. */
export function logged({ logShare }: RouteAnnotations): Pick<IrRoute, "logShare"> {
  return logShare === undefined || logShare >= 1 ? {} : { logShare };
}
