/**
 * A number from a field of a message, which may hold anything. `Number()` throws for a symbol and for an object that does
 * not become a text, which JSON can describe: `{"toString":1,"valueOf":1}`.
 *
 * @returns NaN for what is neither number, text nor boolean
 */
export function numberOf(value: unknown): number {
  return typeof value === 'object' || typeof value === 'symbol' ? NaN : Number(value);
}
