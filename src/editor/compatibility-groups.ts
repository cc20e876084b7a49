import type { DeviceVerdict } from '../model/device-rules';
import { DEVICE_STACKS, type DeviceStackFacts } from '../model/device-stacks';

/** Verdicts as an answer of the runtime or of {@link judgeTraits} carries them. */
export type Verdicts = Record<string, DeviceVerdict>;

/** Stacks for which the same is true. */
export interface VerdictGroup {
  verdict: 'limited' | 'refused';
  rule: string;
  /** Columns of the table. */
  stacks: string[];
  reason: string;
  hint: string;
}

/** The head of a column. */
export function stackLabel(stack: string): string {
  const stacks: Record<string, DeviceStackFacts> = DEVICE_STACKS;
  return stacks[stack]?.label ?? stack;
}

/** What is to be said below the table: each reason once, what refuses first. */
export function verdictGroups(verdicts: Verdicts): VerdictGroup[] {
  const groups = new Map<string, VerdictGroup>();
  for (const [stack, { verdict, rule = '', reason = '', hint = '' }] of Object.entries(verdicts)) {
    if (verdict === 'ok') continue;
    const key = `${verdict} ${rule}`;
    const group = groups.get(key) ?? { verdict, rule, stacks: [], reason, hint };
    group.stacks.push(stack);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => Number(a.verdict === 'limited') - Number(b.verdict === 'limited'));
}
