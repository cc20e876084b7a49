import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from 'node-red';
import { systemClock, type Timer } from '../src/model/clock';
import { migrate } from '../src/model/config/migration';
import { TLS_PROBE_DEFAULTS, type TlsProbeConfig } from '../src/model/config/tls-probe';
import { embeddedBrokerReady } from '../src/node-red/embedded-broker';
import { asCodedError, fail, withHint } from '../src/node-red/failure';
import { readProbeJobs, type ProbeCredentials, type ProbeMessage } from '../src/node-red/probe-jobs';
import { showProbeResult } from '../src/node-red/probe-status';
import { showStatus } from '../src/node-red/status';
import { nodeFileSystem } from '../src/store/file-system';
import { StateFile } from '../src/store/state-file';
import { probeMany } from '../src/tls/probe-many';
import { remember, type ProbeMemory } from '../src/tls/probe-memory';
import type { ProbeReport, Severity } from '../src/tls/probe-report';

/** Order of the outputs when they are split. */
const OUTPUTS: readonly Severity[] = ['ok', 'warning', 'critical'];

/** As the inject node: the rest of the flow has to be there before the first message. */
const START_DELAY_MS = 100;

export = function tlsProbe(RED: NodeAPI): void {
  function TlsProbe(this: Node<ProbeCredentials>, definition: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, definition);
    const memory = new Memory(RED, this as Node);
    let isClosed = false;
    let timer: Timer | undefined;

    const run = async (
      msg: ProbeMessage,
    ): Promise<{ reports: ProbeReport[]; news: ProbeReport[]; isList: boolean }> => {
      const config = migrate<TlsProbeConfig>({ ...definition }, TLS_PROBE_DEFAULTS);
      const { jobs, isList } = await readProbeJobs(RED, this as Node, config, msg, this.credentials ?? {});
      const showProgress = (done: number) => {
        const target = isList ? `${done}/${jobs.length}` : (jobs[0]?.target.host ?? '');
        if (!isClosed) showStatus(RED, this, 'probing', { target });
      };
      showProgress(0);
      await Promise.all(jobs.map(({ target }) => embeddedBrokerReady(RED, target, systemClock)));
      const compared = await memory.compare(await probeMany(jobs, config.concurrency, showProgress));
      const news = config.emit === 'changes' ? compared.filter(({ isNews }) => isNews) : compared;
      return { reports: compared.map(({ report }) => report), news: news.map(({ report }) => report), isList };
    };

    const start = async (msg: ProbeMessage, send: (out: unknown) => void, done: (error?: Error) => void) => {
      try {
        const { reports, news, isList } = await run(msg);
        if (isClosed) return done();
        showProbeResult(RED, this, reports);
        const [first] = news;
        if (first) send(toOutputs(definition.split === true, msg, isList ? news : first));
        done();
      } catch (error) {
        if (isClosed) done();
        else fail(RED, this as Node, error, msg, done);
      }
    };

    this.on('input', (msg, send, done) => {
      void start(msg as ProbeMessage, send as (out: unknown) => void, done);
    });

    const repeatSeconds = repetition(definition.repeatSeconds);
    const repeat = (delayMs: number) => {
      timer = systemClock.setTimer(delayMs, () => {
        const report = (error?: Error) => {
          if (error) this.error(error as unknown as string, {});
        };
        void start({} as ProbeMessage, (out) => this.send(out as NodeMessage), report).then(() => {
          if (!isClosed) repeat(repeatSeconds * 1000);
        });
      });
    };
    if (repeatSeconds > 0) repeat(START_DELAY_MS);

    this.on('close', () => {
      isClosed = true;
      timer?.cancel();
    });
  }

  RED.nodes.registerType('tls-probe', TlsProbe as never, {
    credentials: {
      username: { type: 'password' },
      password: { type: 'password' },
      passphrase: { type: 'password' },
    },
  });
};

/** What the last reports said, kept over restarts; comparing goes one after the other. */
class Memory {
  readonly #file: StateFile<ProbeMemory>;
  #known: ProbeMemory | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    RED: NodeAPI,
    private readonly node: Node,
  ) {
    this.#file = new StateFile(nodeFileSystem, RED.settings.userDir ?? process.cwd(), node.id);
  }

  compare(reports: readonly ProbeReport[]): Promise<ReturnType<typeof remember>[]> {
    const turn = this.#turn.then(async () => {
      const known = (this.#known ??= await this.#read());
      const compared = reports.map((report) => remember(known, report));
      if (compared.some(({ isNews }) => isNews)) await this.#write(known);
      return compared;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #read(): Promise<ProbeMemory> {
    return (await this.#file.read()) ?? {};
  }

  /** A full or read-only disk must not silence the watch over certificates. */
  async #write(known: ProbeMemory): Promise<void> {
    try {
      await this.#file.write(known);
    } catch (error) {
      this.node.warn(withHint(asCodedError(error)));
    }
  }
}

/** The most setTimeout can wait is 24 days. */
const LONGEST_REPEAT_SECONDS = 2_000_000;

function repetition(value: unknown): number {
  const seconds = Number(value ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, LONGEST_REPEAT_SECONDS) : 0;
}

/** The message for one output, or one for each severity that occurred. */
function toOutputs(
  isSplit: boolean,
  msg: NodeMessageInFlow,
  payload: ProbeReport | ProbeReport[],
): NodeMessage | (NodeMessage | null)[] {
  if (!isSplit) return Object.assign(msg, { payload });
  return OUTPUTS.map((severity) => {
    if (!Array.isArray(payload)) return payload.severity === severity ? { ...msg, payload } : null;
    const matching = payload.filter((report) => report.severity === severity);
    return matching.length > 0 ? { ...msg, payload: matching } : null;
  });
}
