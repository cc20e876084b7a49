import type { Duplex } from 'node:stream';
import type { Clock } from '../model/clock';
import type { CodedError, Warning } from '../model/errors';
import type { BackOffOptions } from './back-off';
import type { OutgoingPublish } from './outgoing-message';
import type { SessionOptions } from './session-options';

/** How much of the server was verified; what the status shows. */
export type Verification = 'verified' | 'name-not-verified' | 'not-verified' | 'plain';

/**
 * A stream to the broker that is ready for MQTT: connected, and the server judged. Whoever makes it listens to its
 * errors, because it may fail before anybody else does.
 */
export interface OpenedStream {
  stream: Duplex;
  verification: Verification;
  /** Why the stream ended before MQTT was answered: in TLS 1.3 a client certificate is refused only then. */
  explain(error: Error | undefined): CodedError | Promise<CodedError>;
}

export interface ConnectionOptions extends BackOffOptions {
  /** Called at every attempt, so that a renewed certificate or a changed file is used at the next one. */
  open: (signal: AbortSignal) => Promise<OpenedStream>;
  /** Asked at every `connect`. */
  session: () => Omit<SessionOptions, 'clock'>;
  /** Published after each CONNACK, not after a rotation. */
  birth?: OutgoingPublish;
  /** Published by `disconnect`. */
  close?: OutgoingPublish;
  queueLimit: number;
  clock: Clock;
}

export type ConnectionPhase = 'disconnected' | 'connecting' | 'connected' | 'waiting';

export interface ConnectionState {
  phase: ConnectionPhase;
  verification?: Verification;
  /** Why the last attempt failed or the connection was lost; stays while it is tried again. */
  failure?: CodedError;
  /** Messages that wait for the connection. */
  waiting: number;
}

export interface ConnectionEvents {
  state: [ConnectionState];
  /** A failure with another reason than the one before. */
  failure: [CodedError];
  warning: [Warning];
  /** The broker refused a subscription; who wanted it. */
  refused: [CodedError, string[]];
}
