import type { Node } from 'node-red';
import type { IssuedCertificate } from '../ca/issue-request';
import type { StateFile } from '../store/state-file';

/** A certificate that lies in a folder of export; plain data for a state file. */
export interface ExportedCertificate {
  serialNumber: string;
  /** Absolute path. */
  folder: string;
  /** ISO 8601. */
  at: string;
}

/** What a running tls-export node offers to others. */
export interface ExportingNode extends Node {
  /** See {@link ExportRegister.all}. */
  exported(): Promise<ExportedCertificate[]>;
}

/** By folder, profile and name: a newer certificate of the same name takes the place of the older one's files. */
export type Register = Record<string, ExportedCertificate>;

/** As many as one message may name. */
const MOST_REMEMBERED = 10_000;

/** Where the certificates are that an export node has written, kept over restarts. Names no key and no content. */
export class ExportRegister {
  #turn: Promise<Register | undefined> = Promise.resolve(undefined);

  /** @param failed why what was exported could not be written down */
  constructor(
    private readonly file: Pick<StateFile<Register>, 'read' | 'write'>,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** What was written so far. Empty when the file of an earlier run cannot be read, which the next write reports. */
  async all(): Promise<ExportedCertificate[]> {
    return Object.values(await this.#inTurn((register) => Promise.resolve(register)));
  }

  /**
   * Remember what was written. A full or read-only disk must not undo an export: it is a warning.
   *
   * @param folder absolute path
   */
  async add(certificates: readonly IssuedCertificate[], folder: string, now: number): Promise<void> {
    if (certificates.length === 0) return;
    await this.#inTurn(async (register) => {
      for (const { serialNumber, profile, commonName } of certificates) {
        const key = JSON.stringify([folder, profile, commonName]);
        // The key goes to the end: the oldest are forgotten first.
        delete register[key];
        register[key] = { serialNumber, folder, at: new Date(now).toISOString() };
      }
      const keys = Object.keys(register);
      for (const key of keys.slice(0, Math.max(0, keys.length - MOST_REMEMBERED))) delete register[key];
      await this.file.write(register).catch(this.failed);
      return register;
    });
  }

  #inTurn(work: (register: Register) => Promise<Register>): Promise<Register> {
    const turn = this.#turn.then(async (known) => work(known ?? (await this.file.read().catch(() => undefined)) ?? {}));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
