import type { Warning } from '../model/errors';
import type { ProbeReport } from './probe-report';

/** A report with a remark that the connection itself does not show; it becomes the first of the warnings. */
export function withRemark(report: ProbeReport, remark: Warning): ProbeReport {
  const isFirst = report.code === null;
  return {
    ...report,
    severity: report.severity === 'ok' ? 'warning' : report.severity,
    ...(isFirst ? { message: remark.message, fix: remark.hint, cause: remark.cause } : {}),
    warnings: [remark, ...report.warnings],
  };
}

/** A report that somebody must act on although the connection may have worked; a cause named already stays. */
export function withCause(report: ProbeReport, stage: ProbeReport['stage'], cause: Warning): ProbeReport {
  const critical = { ...report, ok: false, severity: 'critical' as const };
  if (report.code !== null) return { ...critical, warnings: [cause, ...report.warnings] };
  return { ...critical, stage, code: cause.code, message: cause.message, fix: cause.hint, cause: cause.cause };
}
