import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from 'node-red';
import { systemClock, type Timer } from '../src/model/clock';
import { migrate } from '../src/model/config/migration';
import { TLS_PROBE_DEFAULTS, type TlsProbeConfig } from '../src/model/config/tls-probe';
import { registerAdminRoutes } from '../src/node-red/admin-routes';
import { embeddedBrokerReady } from '../src/node-red/embedded-broker';
import { refuseEmptyReferences } from '../src/node-red/environment';
import { fail } from '../src/node-red/failure';
import { ProbeHistory, type ProbingNode } from '../src/node-red/probe-history';
import { comparedWithInventory } from '../src/node-red/probe-inventory';
import { readProbeJobs, type ProbeCredentials, type ProbeMessage, type ProbeRun } from '../src/node-red/probe-jobs';
import { showProbeResult } from '../src/node-red/probe-status';
import { showStatus } from '../src/node-red/status';
import type { ProbeReport, Severity } from '../src/tls/probe-report';
import { probeAll } from '../src/tls/probe-thread';

/** Order of the outputs when they are split. */
const OUTPUTS: readonly Severity[] = ['ok', 'warning', 'critical'];

/** As the inject node: the rest of the flow has to be there before the first message. */
const START_DELAY_MS = 100;

export = function tlsProbe(RED: NodeAPI): void {
  function TlsProbe(this: ProbingNode & Node<ProbeCredentials>, definition: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, definition);
    const history = new ProbeHistory(RED, this);
    this.lastSeen = () => history.lastSeen();
    const closing = new AbortController();
    const probing = new Set<Promise<unknown>>();
    let timer: Timer | undefined;

    const probeInTurns = async (config: TlsProbeConfig, { jobs, isList }: ProbeRun): Promise<ProbeReport[]> => {
      let done = 0;
      const showProgress = () => {
        const target = isList ? `${done}/${jobs.length}` : (jobs[0]?.target.host ?? '');
        if (!closing.signal.aborted) showStatus(RED, this, 'probing', { target });
      };
      // A status goes to every open editor: a hundred of them tell as much as a thousand.
      const step = Math.ceil(jobs.length / 100);
      const onReport = () => {
        done += 1;
        if (done % step === 0) showProgress();
      };
      showProgress();
      await Promise.all(jobs.map(({ target }) => embeddedBrokerReady(RED, target, systemClock)));
      const reports = probeAll(jobs, { concurrency: config.concurrency, onReport, signal: closing.signal });
      probing.add(reports);
      return reports.finally(() => probing.delete(reports));
    };

    const run = async (msg: ProbeMessage) => {
      const config = migrate<TlsProbeConfig>({ ...definition }, TLS_PROBE_DEFAULTS);
      refuseEmptyReferences(RED, this, config);
      const asked = await readProbeJobs(RED, this as Node, config, msg, this.credentials ?? {});
      const seen = await probeInTurns(config, asked);
      const { authority, isList } = asked;
      const judged = authority
        ? await Promise.all(seen.map((report) => comparedWithInventory(report, authority)))
        : seen;
      const compared = await history.compare(judged);
      const news = config.emit === 'changes' ? compared.filter(({ isNews }) => isNews) : compared;
      return { reports: compared.map(({ report }) => report), news: news.map(({ report }) => report), isList };
    };

    const start = async (msg: ProbeMessage, send: (out: unknown) => void, done: (error?: Error) => void) => {
      try {
        const { reports, news, isList } = await run(msg);
        if (closing.signal.aborted) return done();
        showProbeResult(RED, this, reports);
        const [first] = news;
        if (first) send(toOutputs(definition.split === true, msg, isList ? news : first));
        done();
      } catch (error) {
        if (closing.signal.aborted) done();
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
          if (!closing.signal.aborted) repeat(repeatSeconds * 1000);
        });
      });
    };
    if (repeatSeconds > 0) repeat(START_DELAY_MS);

    this.on('close', (done: () => void) => {
      closing.abort();
      timer?.cancel();
      void Promise.allSettled(probing).then(() => done());
    });
  }

  registerAdminRoutes(RED);
  RED.nodes.registerType('tls-probe', TlsProbe as never, {
    credentials: {
      username: { type: 'password' },
      password: { type: 'password' },
      passphrase: { type: 'password' },
    },
  });
};

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
