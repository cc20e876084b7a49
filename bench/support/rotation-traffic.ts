import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { asIdentity, asTrust, makeBrokerCertificates, writeForMosquitto } from '../../test/support/broker-certificates';
import { closeConnections, reached, testConnection } from '../../test/support/connection';
import { startMosquitto } from '../../test/support/mosquitto';
import { sized } from './options';
import { table } from './report';

const SECONDS = sized(1, 5);
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

/**
 * What a rotation costs under traffic: two connections with kept sessions at one Mosquitto, a publisher and a subscriber,
 * at {@link OFFERED_PER_SECOND} and as fast as it goes, without rotation and with one of both sides every second.
 */
export async function benchTraffic(): Promise<string> {
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
  const rows: string[][] = [];
  try {
    for (const paced of [true, false]) {
      for (const rotate of [false, true]) {
        const { published, arrived, twice, perSecond, longestGapMs } = await run(
          mosquitto.port,
          material,
          paced,
          rotate,
        );
        rows.push([
          `${paced ? `${OFFERED_PER_SECOND}/s offered` : 'as fast as it goes'}, ${rotate ? 'rotating' : 'at rest'}`,
          perSecond.toFixed(0),
          `${arrived} of ${published}`,
          String(twice),
          longestGapMs.toFixed(0),
        ]);
      }
    }
  } finally {
    await mosquitto.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return table(['QoS 1', 'msg/s', 'arrived', 'twice', 'longest gap ms'], rows);
}
