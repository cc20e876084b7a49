import type { Node, NodeAPI } from 'node-red';
import { systemClock, type Clock } from '../model/clock';
import { nodeFileSystem } from '../store/file-system';
import { StateFile } from '../store/state-file';
import { remember, type ProbeMemory } from '../tls/probe-memory';
import type { ProbeReport } from '../tls/probe-report';
import { asCodedError, logLine } from './failure';

/** What a running tls-probe node offers to others. */
export interface ProbingNode extends Node {
  /** See {@link ProbeHistory.lastSeen}. */
  lastSeen(): Promise<Readonly<ProbeMemory>>;
}

/** What the last reports of a node said, kept over restarts; comparing goes one after the other. */
export class ProbeHistory {
  readonly #file: StateFile<ProbeMemory>;
  #known: ProbeMemory | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    RED: NodeAPI,
    private readonly node: Pick<Node, 'id' | 'warn'>,
    private readonly clock: Pick<Clock, 'now'> = systemClock,
  ) {
    this.#file = new StateFile(nodeFileSystem, RED.settings.userDir ?? process.cwd(), node.id);
  }

  /**
   * The reports with `changed` filled in, and which of them are news; they take the place of the last ones.
   *
   * @throws STORE_* when what is remembered cannot be read
   */
  compare(reports: readonly ProbeReport[]): Promise<ReturnType<typeof remember>[]> {
    const turn = this.#turn.then(async () => {
      const known = await this.#remembered();
      const compared = reports.map((report) => remember(known, report, this.clock.now()));
      if (compared.some(({ isNews }) => isNews)) await this.#write(known);
      return compared;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /**
   * What each endpoint showed last, by target and server name; also before a restart. It is written down when something
   * changed: after a restart the time is that of the last change.
   *
   * @throws STORE_*
   */
  lastSeen(): Promise<Readonly<ProbeMemory>> {
    const turn = this.#turn.then(() => this.#remembered());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #remembered(): Promise<ProbeMemory> {
    return (this.#known ??= (await this.#file.read()) ?? {});
  }

  /** A full or read-only disk must not silence the watch over certificates. */
  async #write(known: ProbeMemory): Promise<void> {
    try {
      await this.#file.write(known);
    } catch (error) {
      this.node.warn(logLine(asCodedError(error)));
    }
  }
}
