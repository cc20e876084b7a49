import { codedError } from '../model/errors';
import { writeFully } from './atomic-file';
import type { FileSystem } from './file-system';
import { storing } from './store-error';

/**
 * A file of lines that only grows, each addition one write and one fsync. An addition that fails adds nothing: the
 * file is cut back at once, or, when the disk refuses even that, before the next addition.
 */
export class AppendFile {
  readonly path: string;
  readonly #fs: FileSystem;
  /** Bytes that are known to be durable. */
  #length: number;
  /** A failed addition may have left bytes behind `#length`. */
  #uncertain = false;

  /**
   * @param length size of the file in bytes, as it was when it was read; its last byte is a line feed
   */
  constructor(fs: FileSystem, path: string, length: number) {
    this.#fs = fs;
    this.path = path;
    this.#length = length;
  }

  /** Bytes in the file. */
  get length(): number {
    return this.#length;
  }

  /** The file was replaced by one of this size. */
  replacedBy(length: number): void {
    this.#length = length;
    this.#uncertain = false;
  }

  /**
   * Append lines durably.
   *
   * @param text whole lines with their line feeds
   * @throws STORE_FULL, STORE_READ_ONLY, STORE_IO …; STORE_CORRUPT when another program changed the file meanwhile
   */
  append(text: string): Promise<void> {
    return storing('append to', this.path, async () => {
      const file = await this.#fs.open(this.path, 'r+');
      try {
        const { size } = await file.stat();
        if (this.#uncertain) await file.truncate(this.#length);
        else if (size !== this.#length) throw changedOutside(this.path, this.#length, size);
        this.#uncertain = true;
        try {
          const written = await writeFully(file, text, this.#length);
          await file.sync();
          this.#length += written;
          this.#uncertain = false;
        } catch (error) {
          await this.#cutBack(file);
          throw error;
        }
      } finally {
        await file.close().catch(() => undefined);
      }
    });
  }

  /** Take the last additions back. Never throws: what cannot be cut now is cut before the next addition. */
  async cutBackTo(length: number): Promise<void> {
    this.#length = length;
    this.#uncertain = true;
    try {
      const file = await this.#fs.open(this.path, 'r+');
      await this.#cutBack(file);
      await file.close();
    } catch {
      // Stays uncertain.
    }
  }

  /** True when a failed addition may still be in the file. */
  get uncertain(): boolean {
    return this.#uncertain;
  }

  async #cutBack(file: { truncate(length: number): Promise<void>; sync(): Promise<void> }): Promise<void> {
    try {
      await file.truncate(this.#length);
      await file.sync();
      this.#uncertain = false;
    } catch {
      // Stays uncertain.
    }
  }
}

function changedOutside(path: string, expected: number, found: number) {
  return codedError(
    'STORE_CORRUPT',
    `${path} has ${found} bytes, ${expected} were expected: another program changed it while it was in use`,
    { path, expected, found },
    'Use other tools on the folder only while Node-RED is stopped; redeploy the CA to take over the change',
  );
}
