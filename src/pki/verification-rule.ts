import type { ErrorCode } from '../model/errors';
import type { Certificate } from './certificate';

export interface VerificationOptions {
  purpose: 'server' | 'client';
  /** Host name or address the certificate must be for; not checked when absent. */
  name?: string;
  /** Milliseconds since 1970. */
  now: number;
}

export interface VerificationContext extends VerificationOptions {
  certificate: Certificate;
  /** 0 is the leaf. */
  index: number;
  chain: readonly Certificate[];
}

export interface VerificationRule {
  /** Short and stable; tests and messages refer to it. */
  id: string;
  code: ErrorCode;
  /** What is wrong, or undefined when the rule is kept. */
  finding(context: VerificationContext): string | undefined;
  hint: string;
}

/** Hints that many rules share. */
export const REISSUE_CA = 'Make a new CA with this package, or renew this one with the right extensions';
export const REISSUE = 'Issue the certificate again with this package';

/** The text of a finding when the rule is broken. */
export const when = (broken: boolean, text: string): string | undefined => (broken ? text : undefined);

export const isLeaf = ({ index }: VerificationContext): boolean => index === 0;
export const isAnchor = ({ index, chain }: VerificationContext): boolean => index === chain.length - 1;
