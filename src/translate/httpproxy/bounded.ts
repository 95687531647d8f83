/** Envoy's numbers have 32 bits; one beyond them means "very many", and must not refuse a whole host. */
const MOST = 2 ** 31 - 1;

export function bounded(value: number): number {
  return Math.min(value, MOST);
}
