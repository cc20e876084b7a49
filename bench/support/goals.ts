import { table } from './report';

/** What a bench has to show. */
export interface Goal {
  what: string;
  found: number;
  /** Reached when the figure is at least, or at most, this. */
  limit: { atLeast: number } | { atMost: number };
  unit?: string;
  /** Why it is missed, where it is, and what would be needed. */
  cause: string;
}

const shown = (value: number): string => (Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0));

/** @returns whether the figure keeps to the limit; one that could not be measured does not */
export function isReached({ found, limit }: Goal): boolean {
  return 'atLeast' in limit ? found >= limit.atLeast : found <= limit.atMost;
}

/** The goals of a bench as a table: what was wanted, what was found, reached or missed and why. */
export function goalTable(goals: readonly Goal[]): string {
  const rows = goals.map((goal) => {
    const { what, found, limit, unit = '', cause } = goal;
    const wanted = 'atLeast' in limit ? `>= ${limit.atLeast}` : `<= ${limit.atMost}`;
    const outcome = isReached(goal) ? 'reached' : Number.isFinite(found) ? `missed: ${cause}` : 'not measured';
    return [what, `${wanted}${unit}`, Number.isFinite(found) ? `${shown(found)}${unit}` : '–', outcome];
  });
  return table(['goal', 'wanted', 'found', ''], rows);
}
