import { Certificate } from '../pki/certificate';
import { codedError, isCodedError, type ErrorCode, type ErrorFacts } from '../model/errors';
import type { ProbeJob } from './probe-many';
import type { ProbeReport } from './probe-report';

/**
 * What goes to the thread that probes and comes back: plain data, and keys as KeyObjects, which Node hands over
 * without writing them out. Objects that many jobs share (trust, identity) are shared on the other side too, because
 * they travel in one message.
 */
export interface ProbeOrder {
  jobs: OrderedJob[];
  concurrency: number;
}

/** A job without what cannot travel: a clock and a resolver are functions, certificates are objects of a class. */
interface OrderedJob extends Omit<ProbeJob, 'options'> {
  options: Omit<ProbeJob['options'], 'knownIntermediates' | 'clock' | 'resolve'>;
  intermediateDers?: readonly Buffer[];
}

/** `failed`: an error of ours about the material; a fault of the thread itself is its `error` event. */
export type ProbeAnswer =
  | { kind: 'report'; index: number; report: ProbeReport }
  | { kind: 'failed'; code: ErrorCode; message: string; cause: ErrorFacts; hint: string }
  | { kind: 'done' };

/** @param jobs their `clock` and `resolve` stay behind: a thread has the time and the resolver of the machine */
export function toOrder(jobs: readonly ProbeJob[], concurrency: number): ProbeOrder {
  // Jobs that share their intermediates share the bytes, too.
  const known = new Map<readonly Certificate[], Buffer[]>();
  const dersOf = (certificates: readonly Certificate[]): Buffer[] => {
    const ders = known.get(certificates) ?? certificates.map(({ der }) => der);
    known.set(certificates, ders);
    return ders;
  };
  // And those that share their options share the plain ones: each object is copied once, and in the main thread.
  const stripped = new Map<ProbeJob['options'], Omit<OrderedJob, 'target'>>();
  const withoutFunctions = (all: ProbeJob['options']): Omit<OrderedJob, 'target'> => {
    const { knownIntermediates, ...options } = all;
    const plain = stripped.get(all) ?? {
      options: { ...options, clock: undefined, resolve: undefined },
      ...(knownIntermediates ? { intermediateDers: dersOf(knownIntermediates) } : {}),
    };
    stripped.set(all, plain);
    return plain;
  };
  return { concurrency, jobs: jobs.map(({ target, options }) => ({ target, ...withoutFunctions(options) })) };
}

/** The jobs of an order as they were. */
export function fromOrder({ jobs }: ProbeOrder): ProbeJob[] {
  const known = new Map<readonly Buffer[], Certificate[]>();
  return jobs.map(({ target, options, intermediateDers }) => {
    const { pins } = options.material;
    // A structured clone makes a plain Uint8Array of a Buffer.
    if (pins) for (const pin of pins) pin.digest = Buffer.from(pin.digest);
    const job: ProbeJob = { target, options };
    if (!intermediateDers) return job;
    const certificates = known.get(intermediateDers) ?? intermediateDers.map((der) => Certificate.fromDer(der));
    known.set(intermediateDers, certificates);
    return { target, options: { ...options, knownIntermediates: certificates } };
  });
}

export function toFailedAnswer(error: unknown): ProbeAnswer {
  if (!isCodedError(error)) throw error;
  const { code, message, cause, hint } = error;
  return { kind: 'failed', code, message, cause, hint };
}

export function fromFailedAnswer({ code, message, cause, hint }: ProbeAnswer & { kind: 'failed' }): Error {
  return codedError(code, message, cause, hint);
}
