/** The quick start's upstream programs, as the manifests beside this file name them. */
export interface DemoProgram {
  readonly name: string;
  readonly endpoints: readonly {
    readonly port: number;
    /** About how long an answer takes, in milliseconds. */
    readonly delayMs?: number;
    /** Every so many requests one is answered 500. */
    readonly failEvery?: number;
  }[];
}

export const programs: readonly DemoProgram[] = [
  {
    name: "storefront",
    endpoints: [
      { port: 9701, delayMs: 8 },
      { port: 9702, delayMs: 8 },
      { port: 9703, delayMs: 350 },
    ],
  },
  {
    name: "cart",
    endpoints: [
      { port: 9704, delayMs: 15 },
      { port: 9705, delayMs: 15 },
    ],
  },
  {
    name: "blog",
    endpoints: [
      { port: 9706, delayMs: 5, failEvery: 25 },
      { port: 9707, delayMs: 5 },
    ],
  },
];

/** What the load asks for, with how often of each hundred requests. */
export const requests: readonly { readonly host: string; readonly path: string; readonly share: number }[] = [
  { host: "shop.localhost", path: "/", share: 30 },
  { host: "shop.localhost", path: "/products/compass", share: 20 },
  { host: "shop.localhost", path: "/cart", share: 15 },
  { host: "blog.localhost", path: "/", share: 20 },
  { host: "blog.localhost", path: "/2026/why-a-gimbal", share: 12 },
  { host: "shop.localhost", path: "/cart/checkout?voucher=spring", share: 2 },
  { host: "nobody.localhost", path: "/", share: 1 },
];
