import type { CodedError } from '../model/errors';
import { alertInMessage } from './alert';
import type { ChainReading } from './chain-reading';
import type { MqttGreeting } from './mqtt-greeting';
import type { ServerFlight } from './server-flight';
import type { Target } from './target';
import type { TlsMaterial } from './tls-material';

/** How far a connection came before it ended. */
export const STEPS = ['resolving', 'connecting', 'handshake', 'secure', 'greeting', 'done'] as const;

export type Step = (typeof STEPS)[number];

/** What Node said when it gave up. */
export interface ConnectionFailure {
  /** `ECONNREFUSED`, `ERR_SSL_…`, `CERT_HAS_EXPIRED`; empty when there was none. */
  code: string;
  message: string;
  /** OpenSSL's words, for TLS errors. */
  reason?: string;
  /** One entry per address tried; Node's AggregateError has an empty message and hides them. */
  attempts: { address: string; code: string }[];
}

/** Everything that was seen of one connection; the diagnosis is made from this and nothing else. */
export interface Evidence {
  target: Target;
  material: TlsMaterial;
  /** Milliseconds since 1970. */
  now: number;
  timeoutMs: number;
  step: Step;
  timedOut: boolean;
  /** The other side ended the connection without an error. */
  closed: boolean;
  failure?: ConnectionFailure;
  /** What the name resolved to. */
  addresses: string[];
  flight: ServerFlight;
  /** Result of asking the port for plain MQTT; undefined when it was not asked. */
  answersPlainMqtt?: boolean;
  /** What Node's verification of the chain said, whether or not it was told to refuse. */
  chainProblem?: { code: string; message: string };
  chain?: ChainReading;
  /** Name or pin of the server. */
  identityFinding?: CodedError;
  revocationFinding?: CodedError;
  greeting?: MqttGreeting;
}

export const NO_FLIGHT: ServerFlight = {
  bytesReceived: 0,
  firstBytes: Buffer.alloc(0),
  tls: false,
  helloRetry: false,
  certificates: [],
  complete: false,
  alerts: [],
};

/** True when the connection came at least as far as `step`. */
export function cameTo(evidence: Evidence, step: Step): boolean {
  return STEPS.indexOf(evidence.step) >= STEPS.indexOf(step);
}

/** The server's fatal alert: from the wire, else from OpenSSL's text. Never from Node's code, which differs by version. */
export function alertOf({ flight, failure }: Evidence): number | undefined {
  const CLOSE_NOTIFY = 0;
  const fatal = flight.alerts.findLast(({ description }) => description !== CLOSE_NOTIFY);
  return fatal?.description ?? alertInMessage(failure?.message ?? '');
}

/** An error of `net`, `dns` or `tls` as a failure. */
export function toFailure(error: unknown): ConnectionFailure {
  const { code, message, reason, address } = error as NodeJS.ErrnoException & { reason?: string; address?: string };
  const attempts = ((error as AggregateError).errors ?? []) as (NodeJS.ErrnoException & { address?: string })[];
  return {
    code: code ?? '',
    message: message || attempts.map((attempt) => attempt.message).join('; '),
    ...(reason ? { reason } : {}),
    attempts: (attempts.length > 0 ? attempts : [{ code, address }]).flatMap((attempt) =>
      attempt.address ? [{ address: attempt.address, code: attempt.code ?? '' }] : [],
    ),
  };
}
