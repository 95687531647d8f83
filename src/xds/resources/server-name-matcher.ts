import {
  Matcher,
  type Matcher_MatcherList_Predicate,
  type Matcher_OnMatch,
} from "#proto/xds/type/matcher/v3/matcher.ts";
import { StringValue } from "#proto/google/protobuf/wrappers.ts";
import type { IrTlsChain } from "#translate/ir-listener.ts";
import { packAny, packEmpty, packStruct, typeUrlOf } from "./any.ts";

/**
 * Which chain takes a handshake: the one that names the server name, itself or by the closest wildcard above it, else the one
 * that names none. A server name that is no host name is taken by none, and the connection is closed: what comes after
 * takes it for the name of a secret, where `*` means all of them, and one such as `xdstp:` ends the process (Envoy 1.40).
 */
export function serverNameMatcher(chains: readonly IrTlsChain[]): Matcher {
  const named = chains.filter(({ serverNames }) => serverNames.length > 0);
  const standard = chains.find(({ serverNames }) => serverNames.length === 0);
  const rest = chain(standard?.name ?? NO_CHAIN);
  const byName: Matcher_OnMatch =
    named.length === 0 ? rest : { onMatch: { $case: "matcher", value: domainTree(named, rest) } };
  return Matcher.fromPartial({
    matcherType: {
      $case: "matcherList",
      value: { matchers: [{ predicate: not(regex(HOST_NAME), regex(PRESENT)), onMatch: chain(NO_CHAIN) }] },
    },
    onNoMatch: byName,
  });
}

/** As resolvers take them: letters, digits, `-`, `_` and `.`. Envoy compares in lower case. */
const HOST_NAME = "[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?";
/** Bytes of any kind, also such as are no text. */
const PRESENT = "\\C+";
/** Of no chain: Envoy closes what is sent there. */
const NO_CHAIN = "none";

const SERVER_NAME = {
  name: "server-name",
  typedConfig: packEmpty("envoy.extensions.matching.common_inputs.network.v3.ServerNameInput"),
};

function regex(pattern: string): Matcher_MatcherList_Predicate {
  const valueMatch = {
    matchPattern: { $case: "safeRegex", value: { regex: pattern, engineType: { $case: "googleRe2", value: {} } } },
    ignoreCase: false,
  } as const;
  return {
    matchType: {
      $case: "singlePredicate",
      value: { input: SERVER_NAME, matcher: { $case: "valueMatch", value: valueMatch } },
    },
  };
}

/** `present` and not `predicate`. */
function not(
  predicate: Matcher_MatcherList_Predicate,
  present: Matcher_MatcherList_Predicate,
): Matcher_MatcherList_Predicate {
  const negated: Matcher_MatcherList_Predicate = { matchType: { $case: "notMatcher", value: predicate } };
  return { matchType: { $case: "andMatcher", value: { predicate: [present, negated] } } };
}

function chain(name: string): Matcher_OnMatch {
  const value = packAny("google.protobuf.StringValue", StringValue, { value: name });
  return { onMatch: { $case: "action", value: { name, typedConfig: value } } };
}

/** xds.type.matcher.v3.ServerNameMatcher: the longest name first, as FilterChainMatch.server_names does. */
function domainTree(chains: readonly IrTlsChain[], rest: Matcher_OnMatch): Matcher {
  const domainMatchers = chains.map(({ name, serverNames }) => ({
    domains: [...serverNames],
    on_match: {
      action: { name, typed_config: { "@type": typeUrlOf("google.protobuf.StringValue"), value: name } },
    },
  }));
  const customMatch = {
    name: "envoy.matching.custom_matchers.domain_matcher",
    typedConfig: packStruct("xds.type.matcher.v3.ServerNameMatcher", { domain_matchers: domainMatchers }),
  };
  return Matcher.fromPartial({
    matcherType: {
      $case: "matcherTree",
      value: { input: SERVER_NAME, treeType: { $case: "customMatch", value: customMatch } },
    },
    onNoMatch: rest,
  });
}
