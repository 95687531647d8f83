import { HeaderValueOption, HeaderValueOption_HeaderAppendAction } from "#proto/envoy/config/core/v3/base.ts";
import type { IrHeaderChanges } from "#translate/ir-route.ts";

/** The four fields with which routes and weighted clusters say what happens to headers. */
export interface HeaderChangeFields {
  requestHeadersToAdd: HeaderValueOption[];
  requestHeadersToRemove: string[];
  responseHeadersToAdd: HeaderValueOption[];
  responseHeadersToRemove: string[];
}

export function headerChanges(
  request: IrHeaderChanges | undefined,
  response: IrHeaderChanges | undefined,
): HeaderChangeFields {
  return {
    requestHeadersToAdd: request?.set.map(setHeader) ?? [],
    requestHeadersToRemove: [...(request?.remove ?? [])],
    responseHeadersToAdd: response?.set.map(setHeader) ?? [],
    responseHeadersToRemove: [...(response?.remove ?? [])],
  };
}

function setHeader({ name, value }: { readonly name: string; readonly value: string }): HeaderValueOption {
  return HeaderValueOption.fromPartial({
    header: { key: name, value },
    appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
  });
}
