import { execFileSync, spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { mosquittoProgram } from './mosquitto';

/** How long the broker or a client may take before the test fails with what it wrote. */
const PATIENCE_MS = 20_000;

/** A Mosquitto that runs with an exported configuration exactly as it was written. */
export interface ExportedBroker {
  log(): string;
  stop(): Promise<void>;
}

/**
 * Start a real Mosquitto with `mosquitto.conf` of an exported folder, unedited.
 *
 * As root the files are first given to the user mosquitto, which is what the export's own hint says and
 * what Debian's package needs: the broker changes to that user before it reads them.
 *
 * @throws Error with the broker's log when it does not come up
 */
export async function startExportedBroker(folder: string): Promise<ExportedBroker> {
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', 'mosquitto:', folder]);
  const broker = spawn(mosquittoProgram(), ['-c', path.join(folder, 'mosquitto.conf')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const ended = new Promise<void>((resolve) => broker.once('close', () => resolve()));
  const running = new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`mosquitto ${why}:\n${log}`));
    const patience = setTimeout(() => fail('did not start in time'), PATIENCE_MS);
    const settle = (finish: () => void) => () => {
      clearTimeout(patience);
      finish();
    };
    for (const stream of [broker.stdout, broker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text;
        if (/mosquitto version \S+ running/.test(log)) settle(resolve)();
      });
    }
    void ended.then(settle(() => fail('ended')));
  });
  const stop = async (): Promise<void> => {
    broker.kill('SIGTERM');
    // As in mosquitto.ts: one that is sent too early is lost.
    const again = setInterval(() => broker.kill('SIGTERM'), 1_000);
    await ended;
    clearInterval(again);
  };
  try {
    await running;
  } catch (error) {
    await stop();
    throw error;
  }
  return { log: () => log, stop };
}

/** How a `mosquitto_pub` or `mosquitto_sub` ended. */
export interface ClientOutcome {
  /** The broker let it in and acknowledged what it asked for. */
  accepted: boolean;
  /** Received messages, each `topic payload`. */
  messages: string[];
  errors: string;
}

/** Run `mosquitto_pub` with a message of QoS 1. The broker acknowledges also what its rules make it drop. */
export function publish(args: readonly string[], topic: string, message: string): ClientOutcome {
  return run('mosquitto_pub', [...args, '-q', '1', '-t', topic, '-m', message]);
}

/** Run `mosquitto_sub` until its subscription is acknowledged; the broker keeps the messages for {@link receive}. */
export function subscribe(args: readonly string[], clientId: string, topic: string): ClientOutcome {
  return run('mosquitto_sub', [...args, '-i', clientId, '-c', '-q', '1', '-t', topic, '-E']);
}

/** Run `mosquitto_sub` until it has the next messages of an earlier {@link subscribe}. */
export function receive(args: readonly string[], clientId: string, topic: string, count: number): string[] {
  const patience = String(PATIENCE_MS / 1000);
  const wanted = ['-C', String(count), '-W', patience];
  return run('mosquitto_sub', [...args, '-i', clientId, '-c', '-q', '1', '-v', '-t', topic, ...wanted]).messages;
}

function run(program: string, args: readonly string[]): ClientOutcome {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 2 * PATIENCE_MS });
  return { accepted: status === 0, messages: stdout.split('\n').filter((line) => line !== ''), errors: stderr };
}
