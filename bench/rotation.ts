/**
 * What a rotation costs under traffic: two connections with kept sessions at one broker, a publisher and a subscriber, at
 * 1,000 messages of QoS 1 a second and as fast as it goes, without rotation and with one of both sides every second.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { asIdentity, asTrust, makeBrokerCertificates, writeForMosquitto } from '../test/support/broker-certificates';
import { closeConnections, reached, testConnection } from '../test/support/connection';
import { startMosquitto } from '../test/support/mosquitto';
import { sized } from './support/options';

const SECONDS = sized(2, 5);
const OFFERED_PER_SECOND = 1_000;
/** On their way at the same time when it goes as fast as it can. */
const WINDOW = 500;

interface Run {
  published: number;
  arrived: number;
  twice: number;
  perSecond: number;
  longestGapMs: number;
}

async function run(port: number, material: () => never, paced: boolean, rotate: boolean): Promise<Run> {
  const kept = { cleanSession: false };
  const [publisher, subscriber] = ['publisher', 'subscriber'].map((name) =>
    testConnection({ port, material, session: { ...kept, clientId: `${name}-${paced}-${rotate}` } }),
  ) as [ReturnType<typeof testConnection>, ReturnType<typeof testConnection>];
  const arrived = new Map<string, number>();
  let last = 0;
  let longestGapMs = 0;
  const sides = [publisher, subscriber];
  for (const side of sides) side.connect();
  await Promise.all(sides.map((side) => reached(side, 'connected')));
  await subscriber.subscribe('rotation', 'bench', { qos: 1 }, ({ payload }) => {
    const now = performance.now();
    if (last > 0) longestGapMs = Math.max(longestGapMs, now - last);
    last = now;
    const key = payload.toString();
    arrived.set(key, (arrived.get(key) ?? 0) + 1);
  });

  const start = performance.now();
  const elapsed = (): number => performance.now() - start;
  const rotating = setInterval(() => {
    if (rotate) for (const side of sides) side.renewMaterial();
  }, 1_000);
  let published = 0;
  let onTheirWay = 0;
  while (elapsed() < SECONDS * 1_000) {
    const due = paced ? (elapsed() / 1_000) * OFFERED_PER_SECOND : Infinity;
    while (published < due && onTheirWay < WINDOW) {
      onTheirWay += 1;
      void publisher
        .publish({ topic: 'rotation', payload: String(published), qos: 1, retain: false })
        .finally(() => (onTheirWay -= 1));
      published += 1;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  clearInterval(rotating);
  const limit = performance.now() + 10_000;
  while (arrived.size < published && performance.now() < limit) await new Promise((resolve) => setImmediate(resolve));
  const seconds = elapsed() / 1_000;
  await closeConnections();
  const twice = [...arrived.values()].filter((count) => count > 1).length;
  return { published, arrived: arrived.size, twice, perSecond: arrived.size / seconds, longestGapMs };
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-rotation-'));
  const certificates = await makeBrokerCertificates();
  const mosquitto = await startMosquitto({
    folder,
    configuration: (port) => [
      `listener ${port} 127.0.0.1`,
      ...writeForMosquitto(folder, certificates.root, certificates.server),
      'allow_anonymous true',
      'require_certificate true',
      'max_queued_messages 0',
      'log_type information',
    ],
  });
  const material = () =>
    ({ trust: asTrust(certificates.root), identity: asIdentity(certificates.client) }) as unknown as never;
  try {
    for (const paced of [true, false]) {
      for (const rotate of [false, true]) {
        const { published, arrived, twice, perSecond, longestGapMs } = await run(
          mosquitto.port,
          material,
          paced,
          rotate,
        );
        const offer = paced ? `${OFFERED_PER_SECOND}/s offered` : 'as fast as it goes';
        console.log(
          `${offer.padEnd(18)} ${rotate ? 'rotating' : 'at rest '}  ${perSecond.toFixed(0).padStart(6)}/s` +
            `  ${arrived} of ${published} arrived, ${twice} twice, longest gap ${longestGapMs.toFixed(0)} ms`,
        );
      }
    }
  } finally {
    await mosquitto.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
