import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { cpuMsOfEndedChildren, rssKiBOf } from './process-usage';
import { median } from './statistics';

/** Somebody who connects by TLS and says something of it, so many times at once. */
export interface Contender {
  name: string;
  /** Told when it is not on this machine. */
  install?: string;
  /** More at once would only say how many processes this machine bears. */
  mostAtOnce: number;
  /** Endpoints at each concurrency; a slow one gets fewer. */
  endpoints: (atOnce: number) => number;
  /** It runs in programs of its own: their CPU counts, not that of this process. */
  program?: boolean;
  run: (count: number, atOnce: number) => Promise<unknown>;
}

/** Of one contender at one concurrency. */
export class ContestFigures {
  readonly perSecond: number[] = [];
  readonly cpuMs: number[] = [];
  readonly delayP99: number[] = [];
  readonly delayMost: number[] = [];
  /** Memory of this process, from before to after; what a program uses is not in it. */
  readonly rssMiB: number[] = [];

  async measure({ endpoints, program = false, run }: Contender, atOnce: number): Promise<void> {
    const count = endpoints(atOnce);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const [rss, cpu, children, start] = [rssKiBOf(process.pid), process.cpuUsage(), cpuMsOfEndedChildren(), performance.now()]; // prettier-ignore
    delay.enable();
    await run(count, atOnce);
    delay.disable();
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    this.perSecond.push(count / seconds);
    this.cpuMs.push((program ? cpuMsOfEndedChildren() - children : (user + system) / 1000) / count);
    this.delayP99.push(delay.percentile(99) / 1e6);
    this.delayMost.push(delay.max / 1e6);
    this.rssMiB.push((rssKiBOf(process.pid) - rss) / 1024);
  }

  /** @param bare who does the least, in the same rounds */
  row(name: string, atOnce: number, bare: ContestFigures): string[] {
    const ratio = median(this.cpuMs.map((ms, round) => ms / (bare.cpuMs[round] ?? NaN)));
    return [
      name,
      String(atOnce),
      median(this.perSecond).toFixed(0),
      median(this.cpuMs).toFixed(2),
      ratio.toFixed(2),
      median(this.delayP99).toFixed(0),
      median(this.delayMost).toFixed(0),
      Math.max(...this.rssMiB).toFixed(0),
    ];
  }
}

export const CONTEST_HEAD = ['', 'at once', 'a second', 'CPU ms each', 'of bare', 'held up p99 ms', 'at most ms', 'RSS + MiB']; // prettier-ignore
