import { z } from "zod";
import { someText } from "./httpproxy-fields.ts";

/** One header of a request. That exactly one operator is given is the translation's concern: such a route is told apart. */
export const headerMatchCondition = z.strictObject({
  name: someText,
  present: z.boolean().exactOptional(),
  notpresent: z.boolean().exactOptional(),
  contains: z.string().exactOptional(),
  notcontains: z.string().exactOptional(),
  exact: z.string().exactOptional(),
  notexact: z.string().exactOptional(),
  regex: z.string().exactOptional(),
  ignoreCase: z.boolean().exactOptional(),
  treatMissingAsEmpty: z.boolean().exactOptional(),
});

const queryParameterMatchCondition = z.strictObject({
  name: z.string(),
  exact: z.string().exactOptional(),
  prefix: z.string().exactOptional(),
  suffix: z.string().exactOptional(),
  regex: z.string().exactOptional(),
  contains: z.string().exactOptional(),
  present: z.boolean().exactOptional(),
  ignoreCase: z.boolean().exactOptional(),
});

/** What a request has to be for a route or an include to take it: all entries of a list at once. */
export const matchCondition = z.strictObject({
  prefix: z.string().exactOptional(),
  exact: z.string().exactOptional(),
  regex: z.string().exactOptional(),
  header: headerMatchCondition.exactOptional(),
  queryParameter: queryParameterMatchCondition.exactOptional(),
});
