import { Session, type Profiler } from 'node:inspector';
import { productFiles, readTracked } from '../support/source-tree';

/** What reads something says so in its name; a reader that is called otherwise would have to be found by its reviewer. */
const READERS = [
  /^export (?:async )?function ((?:parse|read|decode|split|guess)[A-Z]\w*)/gm,
  /^ {2}static (?:async )?(parse|(?:from|all)[A-Z]\w*)\(/gm,
];

/** The functions of `src/` that read, as `src/model/target.ts parseTarget`. */
export function readersOfSource(): string[] {
  return productFiles()
    .filter((file) => file.startsWith('src/'))
    .flatMap((file) => {
      const text = readTracked(file);
      return READERS.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name]) => `${file} ${name}`));
    });
}

/** Tells which functions of `src/` were called, by V8's own count of calls. */
export class CalledFunctions {
  private readonly session = new Session();

  start(): void {
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  }

  /** Since the start; counts no further. */
  stop(): Set<string> {
    const called = new Set<string>();
    // Of a session within the same thread the answer comes before the call returns.
    this.session.post('Profiler.takePreciseCoverage', (error, { result }: Profiler.TakePreciseCoverageReturnType) => {
      if (error) throw error;
      for (const { url, functions } of result) {
        const [file] = /src\/[^/]+\/.*\.ts$/.exec(url.replaceAll('\\', '/')) ?? [];
        if (!file) continue;
        for (const { functionName, ranges } of functions)
          if ((ranges[0]?.count ?? 0) > 0) called.add(`${file} ${functionName}`);
      }
    });
    this.session.post('Profiler.stopPreciseCoverage');
    this.session.disconnect();
    return called;
  }
}
