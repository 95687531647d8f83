export type IrTextMatch =
  | { readonly type: "present" }
  | {
      readonly type: "exact" | "prefix" | "suffix" | "contains";
      readonly value: string;
      readonly ignoreCase?: true;
    }
  /** RE2; the whole text has to match. */
  | { readonly type: "regex"; readonly value: string };

export interface IrHeaderMatch {
  /** Lower case; `:method` for the method. */
  readonly name: string;
  readonly match: IrTextMatch;
  /** The header must not match; without it, that is true only when `missingAsEmpty`, or when it must not be there at all. */
  readonly not?: true;
  /** A request without the header counts as one with an empty one. */
  readonly missingAsEmpty?: true;
}
