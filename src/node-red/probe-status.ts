import type { Node, NodeAPI } from 'node-red';
import { codedError, type ErrorCode } from '../model/errors';
import type { ProbeReport } from '../tls/probe-report';
import { errorWords, showStatus } from './status';

const STATUS = { critical: 'probeCritical', warning: 'probeWarning' } as const;

/** Show the worst of what was found; for all well the days that are left. */
export function showProbeResult(RED: NodeAPI, node: Pick<Node, 'status'>, reports: readonly ProbeReport[]): void {
  for (const severity of ['critical', 'warning'] as const) {
    const found = reports.filter((report) => report.severity === severity);
    const [first] = found;
    if (!first) continue;
    const reason = reasonOf(RED, first);
    const many = reports.length > 1 ? `${found.length}/${reports.length}: ` : '';
    showStatus(RED, node, STATUS[severity], { reason: many + reason });
    return;
  }
  const days = reports.flatMap(({ leaf }) => (leaf ? [leaf.daysRemaining] : []));
  showStatus(RED, node, 'probeOk', { days: days.length > 0 ? Math.min(...days) : '–' });
}

function reasonOf(RED: NodeAPI, { code, warnings, message }: ProbeReport): string {
  const said = (code ?? warnings[0]?.code) as ErrorCode | undefined;
  return said ? errorWords(RED, codedError(said, message)) : message;
}
