import type { Clock, Timer } from '../model/clock';
import type { FileSystem } from './file-system';

const LOOK_EVERY_MS = 5_000;

/**
 * Tells when one of some files has changed.
 *
 * Looks at size, time and inode every few seconds instead of `fs.watch`, which tells nothing on network file systems
 * and loses a file that is replaced by rename, which is how good tools install certificates. A change is told once
 * it stood still for one look, so that a half-written file is not read.
 */
export class FileWatch {
  private timer: Timer | undefined;
  private closed = false;
  private told = '';
  private last = '';

  /**
   * @param paths absolute; a file that does not exist yet may appear
   */
  constructor(
    private readonly fs: FileSystem,
    private readonly clock: Clock,
    private readonly paths: readonly string[],
    private readonly changed: () => void,
  ) {
    if (paths.length > 0) void this.begin();
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private async begin(): Promise<void> {
    this.told = this.last = await this.facts();
    this.schedule();
  }

  private schedule(): void {
    if (!this.closed) this.timer = this.clock.setTimer(LOOK_EVERY_MS, () => void this.look());
  }

  private async look(): Promise<void> {
    const now = await this.facts();
    const stands = now === this.last;
    this.last = now;
    if (!this.closed && stands && now !== this.told) {
      this.told = now;
      this.changed();
    }
    this.schedule();
  }

  private async facts(): Promise<string> {
    const each = await Promise.all(
      this.paths.map(async (path) => {
        try {
          const { size, mtimeMs, ino } = await this.fs.stat(path);
          return `${size} ${mtimeMs} ${ino}`;
        } catch (error) {
          return String((error as NodeJS.ErrnoException).code);
        }
      }),
    );
    return each.join('\n');
  }
}
