import { unsupportedPkcs12 } from './pkcs12-error';

/**
 * How many rounds of key derivation one file may cost, all its parts and all spellings of the passphrase together.
 * Programs write 2,000 to 600,000; a hostile file may ask for 2^31 in each of a thousand parts. Ten million take about
 * eight seconds, in slices or in the thread pool.
 */
const MAX_ROUNDS = 10_000_000;

export class RoundBudget {
  private left: number;

  constructor(limit = MAX_ROUNDS) {
    this.left = limit;
  }

  /** @throws P12_UNSUPPORTED when the file asks for more than is left */
  spend(rounds: number): void {
    if (rounds > this.left) {
      throw unsupportedPkcs12(
        `${rounds} rounds of key derivation, more than are allowed`,
        'Export it again with at most 600000 rounds',
      );
    }
    this.left -= rounds;
  }
}
