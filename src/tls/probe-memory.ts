import type { ProbeReport, Severity } from './probe-report';

/** What is kept of a report to tell whether the next one is news. */
export interface RememberedProbe {
  severity: Severity;
  /** Of the finding, else of the first remark. */
  code: string | null;
  fingerprint256: string | null;
  issuer: string | null;
  spki256: string | null;
  /** ISO 8601: when the certificate was seen. Absent in what earlier versions kept. */
  seenAt?: string;
}

/** By target and server name; plain data for a state file. */
export type ProbeMemory = Record<string, RememberedProbe>;

/** As many as one message may name. */
const MOST_REMEMBERED = 10_000;

/**
 * Compare a report with the last one of the same endpoint and take its place.
 *
 * @param memory changed in place
 * @param at when it was probed; milliseconds since 1970
 * @returns the report with `changed` filled in, and whether anything is other than last time (also the first time)
 */
export function remember(
  memory: ProbeMemory,
  report: ProbeReport,
  at: number,
): { report: ProbeReport; isNews: boolean } {
  const key = `${report.target} ${report.servername}`;
  const before = Object.hasOwn(memory, key) ? memory[key] : undefined;
  const now = rememberedFrom(report, before);
  const seenAt = report.leaf ? new Date(at).toISOString() : before?.seenAt;
  if (before || hasRoom(memory)) memory[key] = { ...now, ...(seenAt !== undefined && { seenAt }) };
  const changed =
    before?.fingerprint256 && report.leaf
      ? {
          fingerprint: before.fingerprint256 !== now.fingerprint256,
          issuer: before.issuer !== now.issuer,
          key: before.spki256 !== now.spki256,
        }
      : null;
  // That it was looked at again is no news.
  const isNews = !before || JSON.stringify({ ...before, seenAt: undefined }) !== JSON.stringify(now);
  return { report: { ...report, changed }, isNews };
}

/** Endpoints in a memory, counted once and then kept: counting 10,000 keys for each of 10,000 reports takes seconds. */
const counts = new WeakMap<ProbeMemory, number>();

/** Takes the room for one more. */
function hasRoom(memory: ProbeMemory): boolean {
  const count = counts.get(memory) ?? Object.keys(memory).length;
  if (count >= MOST_REMEMBERED) return false;
  counts.set(memory, count + 1);
  return true;
}

/** A server that is down for a while has not changed its certificate: the last one seen stays in mind. */
function rememberedFrom(report: ProbeReport, before: RememberedProbe | undefined): RememberedProbe {
  const { leaf, severity, code, warnings, spki256 } = report;
  return {
    severity,
    code: code ?? warnings[0]?.code ?? null,
    fingerprint256: leaf ? leaf.fingerprint256 : (before?.fingerprint256 ?? null),
    issuer: leaf ? leaf.issuer : (before?.issuer ?? null),
    spki256: leaf ? spki256 : (before?.spki256 ?? null),
  };
}
