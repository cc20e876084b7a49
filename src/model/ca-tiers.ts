/** What decides in the settings of a CA how many others may stand below it; texts as a dialog has them. */
export interface TierSettings {
  /** `import`: what its certificate allows is not known before it was read. */
  source?: string;
  /** Id of the CA above; empty for a root. */
  issuer?: string;
  pathLength?: string;
}

/**
 * How many CAs, one under the other, the CA made of these settings will allow below itself (the path length of RFC 5280
 * §4.2.1.9); undefined: any number, or not known.
 */
export function tiersBelow({ source, issuer, pathLength = '' }: TierSettings): number | undefined {
  if (source === 'import') return undefined;
  const text = pathLength.trim();
  if (/^\d$/.test(text)) return Number(text);
  return issuer ? 0 : undefined;
}

/**
 * A CA that does not fit below its issuer.
 *
 * @returns how many the issuer allows and how many this one takes, with those it wants below itself; undefined: it fits, or
 *   only the certificates can tell
 */
export function tooDeep(settings: TierSettings, issuer: TierSettings): { allowed: number; needed: number } | undefined {
  if (settings.source === 'import') return undefined;
  const allowed = tiersBelow(issuer);
  const needed = 1 + (tiersBelow({ ...settings, issuer: 'any' }) ?? 0);
  return allowed === undefined || needed <= allowed ? undefined : { allowed, needed };
}
