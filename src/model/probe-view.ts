import type { Warning } from './errors';

/** Where on the way to a working connection a probe has looked, in this order. */
export const PROBE_STAGES = ['dns', 'tcp', 'tls', 'chain', 'identity', 'clientAuth', 'mqtt'] as const;

export type ProbeStage = (typeof PROBE_STAGES)[number];

/** `skipped`: nobody asked for it, or it does not exist in a connection without encryption. */
export type StageOutcome = 'passed' | 'failed' | 'unreached' | 'skipped';

/** A certificate of the chain as a card shows it. */
export interface ChainLink {
  /** `surplus`: was sent, but does not lead from the server's certificate to the trusted one. */
  role: 'leaf' | 'intermediate' | 'root' | 'surplus';
  /** RFC 4514. */
  subject: string;
  issuer: string;
  serialNumber: string;
  /** ISO 8601. */
  notBefore: string;
  notAfter: string;
  /** Rounded down; negative once it is over. */
  daysRemaining: number;
  /** 0 to 1. */
  lifetimeUsed: number;
  keyType: string;
  fingerprint256: string;
  subjectAltNames: string[];
  sent: boolean;
  /** At which the chain ends because it is trusted here. */
  trusted: boolean;
  /** This is the certificate that the code of the report speaks of. */
  blamed: boolean;
}

/** One judge's answer in a card. */
export interface VerdictView {
  judge: 'node' | 'strict' | 'name' | 'expiry' | 'revocation';
  /** null: not judged. */
  ok: boolean | null;
  message: string;
}

/** What a dialog shows of one probe; made from a report by `src/node-red/probe-view.ts`, drawn by `src/editor/probe-card.ts`. */
export interface ProbeView {
  severity: 'ok' | 'warning' | 'critical';
  /** null when nothing is wrong. */
  code: string | null;
  message: string;
  fix: string;
  /** `mqtts://broker.local:8883`. */
  target: string;
  addresses: string[];
  stages: { stage: ProbeStage; outcome: StageOutcome }[];
  /** Leaf first, then upwards; what was sent besides stands at the end. */
  chain: ChainLink[];
  /** Certificates of the wire that cannot be read. */
  unreadable: { problem: string; bytes: number }[];
  /** The issuer at which the chain ends because it was neither sent nor is it trusted. */
  brokenAt: string | null;
  tls: { version: string; cipher: string; group: string | null; alpn: string | null } | null;
  clientAuth: { requested: boolean; required: boolean | null; acceptableCAs: string[]; sent: boolean };
  mqtt: 'accepted' | 'refused' | 'unreached' | 'skipped';
  verdicts: VerdictView[];
  warnings: Warning[];
  totalMs: number;
}

/** What the route `probe` answers. */
export interface ProbeAnswer {
  views: ProbeView[];
  /** How many targets the settings name; more than were probed, when it is a long list. */
  targets: number;
  /** Why nothing could be probed: settings that cannot work are an answer, not a failure of the route. */
  problem: Warning | null;
  /** About the settings, when it could (a weak key store). */
  remarks: Warning[];
}
