import type { CodedError } from '../model/errors';

/** Decides which failures are told: a new reason is, the same one at every retry is not. */
export class FailureNews {
  private told = '';

  /** It works again, or somebody wants it to: the next failure is news whatever it is. */
  forget(): void {
    this.told = '';
  }

  isNews({ code, message }: CodedError): boolean {
    const reason = `${code} ${message}`;
    if (reason === this.told) return false;
    this.told = reason;
    return true;
  }
}
