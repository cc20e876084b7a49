/**
 * The embedded server under attack, in a real Node-RED with a flow that ticks ten times a second and a good client that
 * sends itself a message as often. For each attack: how the memory grew, how long the event loop was held up, how many
 * ticks came, how long the good client waited at most, what was refused, and what is left of it afterwards. Attackers and
 * server share the machine, so the delays are upper bounds.
 */
import type { TLSSocket } from 'node:tls';
import { generate } from 'mqtt-packet';
import { AttackedNodeRed, type Identity } from './support/attacked-node-red';
import { enter, type Means } from './support/attacker';
import { ATTACKS } from './support/attacks';
import { sized } from './support/options';
import { report, table } from './support/report';

const IDENTITIES = sized(120, 1005);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A client that does nothing wrong: how long its messages take at most. */
class GoodClient {
  private sentAt = 0;
  private most = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly socket: TLSSocket) {
    socket.on('data', () => this.heard());
    socket.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'good', qos: 0 }] } as never));
    this.timer = setInterval(() => this.send(), 100);
  }

  /** Milliseconds, since it was asked last; undefined when its connection was lost. */
  get longest(): number | undefined {
    const most = Math.max(this.most, this.sentAt && Date.now() - this.sentAt);
    this.most = 0;
    return this.socket.destroyed ? undefined : most;
  }

  stop(): void {
    clearInterval(this.timer);
    this.socket.destroy();
  }

  private send(): void {
    if (this.sentAt) return;
    this.sentAt = Date.now();
    this.socket.write(generate({ cmd: 'publish', topic: 'good', payload: 'x', qos: 0, dup: false, retain: false }));
  }

  private heard(): void {
    if (this.sentAt) this.most = Math.max(this.most, Date.now() - this.sentAt);
    this.sentAt = 0;
  }
}

/** Until nothing of an attack is there any more, or it is clear that something stays. */
async function recovered(target: AttackedNodeRed, sockets: number) {
  for (let n = 0; n < 100; n += 1) {
    const condition = await target.condition();
    if (condition.sockets <= sockets) return condition;
    await pause(200);
  }
  return target.condition();
}

async function run(): Promise<void> {
  const wanted = process.argv.slice(2).filter((each) => !each.startsWith('--'));
  const target = await AttackedNodeRed.start();
  try {
    const names = Array.from({ length: IDENTITIES }, (_, n) => `attacker${n}`);
    const [good, ...identities] = (await target.issue(['good', ...names])) as [Identity, ...Identity[]];
    const client = new GoodClient((await enter({ target, identities, open: [] }, good)).socket);
    await target.condition();
    await pause(2000);
    const quiet = await target.condition();
    const rows: string[][] = [];
    const row = (title: string, found: string, condition: typeof quiet, grown: number, left: typeof quiet) => {
      const { delayP99, delayMost, ticks, events } = condition;
      const told = Object.entries(events).map(([event, count]) => `${count} ${event}`);
      rows.push([
        ...[
          title,
          found,
          `${grown.toFixed(0)}`,
          delayP99.toFixed(0),
          delayMost.toFixed(0),
          `${(ticks * 100).toFixed(0)} %`,
        ],
        ...[
          client.longest?.toFixed(0) ?? 'lost',
          told.join(', '),
          `${left.sockets - quiet.sockets}, ${left.timers - quiet.timers}`,
        ],
      ]);
      process.stdout.write(`${rows.at(-1)?.join(' | ')}\n`);
    };
    row('nothing', '', quiet, 0, quiet);
    for (const [title, attack] of Object.entries(ATTACKS)) {
      if (wanted.length > 0 && !wanted.some((each) => title.includes(each))) continue;
      const before = (await target.condition()).rssMiB;
      const means: Means = { target, identities, open: [] };
      const found = await attack(means);
      const under = await target.condition();
      for (const socket of means.open) socket.destroy();
      row(title, found, under, under.rssMiB - before, await recovered(target, quiet.sockets));
    }
    client.stop();
    report('load', [
      `Attacks on the embedded server in Node-RED, ${IDENTITIES} certificates; at rest ${quiet.rssMiB.toFixed(0)} MiB. Lines logged: ${target.logLines}.`,
      '',
      table(
        [
          'attack',
          'came of it',
          'RSS + MiB',
          'held up p99 ms',
          'at most',
          'ticks',
          'good client ms',
          'told',
          'left: sockets, timers',
        ],
        rows,
      ),
    ]);
  } finally {
    await target.stop();
  }
}

void run();
