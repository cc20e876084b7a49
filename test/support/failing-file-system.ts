import type { FileHandle, FileSystem } from '../../src/store/file-system';

/** What happens at the chosen call and after it. */
export type Fault =
  /** This call fails with the errno, those after it work again. */
  | { kind: 'once'; errno: string }
  /** This call and every one after it fail. */
  | { kind: 'always'; errno: string }
  /** The process is gone: this call and every one after it never come back. */
  | { kind: 'halt'; reached: () => void };

/** Calls that change or promise something. A read that fails is like the open before it. */
const CHANGING = new Set(['open', 'rename', 'link', 'chmod', 'chown', 'unlink', 'mkdir', 'write', 'truncate', 'sync']);

/**
 * A file system whose call number `at` (from 1) meets a fault. The calls are counted in the order they are made, those
 * of open files included.
 */
export class FailingFileSystem implements FileSystem {
  /** Calls made until now. */
  calls = 0;
  /** Name and path of every call, for the message of a failing test. */
  readonly log: string[] = [];
  readonly #inner: FileSystem;
  #at = Infinity;
  #fault: Fault = { kind: 'once', errno: 'EIO' };

  constructor(inner: FileSystem) {
    this.#inner = inner;
  }

  /** Count from now on, and let call number `at` meet the fault. */
  failAt(at: number, fault: Fault): void {
    this.calls = 0;
    this.log.length = 0;
    this.#at = at;
    this.#fault = fault;
  }

  /** No more faults. */
  heal(): void {
    this.#at = Infinity;
  }

  async open(path: string, flags: string, mode?: number): Promise<FileHandle> {
    const file = await this.#call('open', path, () => this.#inner.open(path, flags, mode));
    return {
      read: (...args) => this.#call('read', path, () => file.read(...args)),
      write: (...args) => this.#call('write', path, () => file.write(...args)),
      truncate: (length) => this.#call('truncate', path, () => file.truncate(length)),
      stat: () => this.#call('fstat', path, () => file.stat()),
      chmod: (bits) => this.#call('chmod', path, () => file.chmod(bits)),
      chown: (uid, gid) => this.#call('chown', path, () => file.chown(uid, gid)),
      sync: () => this.#call('sync', path, () => file.sync()),
      close: () => file.close(),
    };
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call('rename', to, () => this.#inner.rename(from, to));
  }

  link(existing: string, path: string): Promise<void> {
    return this.#call('link', path, () => this.#inner.link(existing, path));
  }

  unlink(path: string): Promise<void> {
    return this.#call('unlink', path, () => this.#inner.unlink(path));
  }

  mkdir(path: string, options?: { mode?: number }): Promise<unknown> {
    return this.#call('mkdir', path, () => this.#inner.mkdir(path, options));
  }

  readdir(path: string): Promise<string[]> {
    return this.#call('readdir', path, () => this.#inner.readdir(path));
  }

  stat(path: string) {
    return this.#call('stat', path, () => this.#inner.stat(path));
  }

  lstat(path: string) {
    return this.#call('lstat', path, () => this.#inner.lstat(path));
  }

  realpath(path: string): Promise<string> {
    return this.#call('realpath', path, () => this.#inner.realpath(path));
  }

  /** Whether the fault was met: a loop over `at` ends when it was not. */
  get met(): boolean {
    return this.calls >= this.#at;
  }

  async #call<T>(name: string, path: string, run: () => Promise<T>): Promise<T> {
    if (!CHANGING.has(name)) return run();
    this.calls += 1;
    this.log.push(`${name} ${path}`);
    if (this.calls < this.#at) return run();
    const fault = this.#fault;
    if (fault.kind === 'halt') {
      fault.reached();
      return new Promise<T>(() => undefined);
    }
    if (this.calls > this.#at && fault.kind === 'once') return run();
    throw Object.assign(new Error(`${fault.errno}: ${name} ${path}`), { code: fault.errno });
  }
}
