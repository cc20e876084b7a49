import {
  bytesOf,
  enter,
  first,
  flood,
  handshake,
  LASTS_MS,
  pause,
  publish,
  second,
  written,
  type Attack,
  type Means,
} from './attacker';
import { sized } from './options';

/** A client that has gone, with a kept session for a filter. */
async function away(means: Means, filter: string): Promise<void> {
  const { socket } = await enter(means, first(means), { clean: false });
  const subscriptions = [{ topic: filter, qos: 1 }];
  const answered = new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
  socket.write(bytesOf({ cmd: 'subscribe', messageId: 1, subscriptions } as never));
  await answered;
  socket.destroy();
}

/** It comes back and wants nothing. */
async function back(means: Means): Promise<void> {
  (await enter(means, first(means), { clean: true })).socket.destroy();
}

const fate = ({ destroyed }: { destroyed: boolean }) => (destroyed ? 'the sender was cut off' : 'the sender stays');

/** What makes the server keep something: for who is away, for who does not read, for all, for the end of a connection. */
export const HOARDING: Record<string, Attack> = {
  '100,000 messages for one who is away': async (means) => {
    const away = await enter(means, first(means), { clean: false });
    await written(
      away.socket,
      bytesOf({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'q/#', qos: 1 }] } as never),
    );
    await pause(200);
    away.socket.destroy();
    const { socket } = await enter(means, second(means));
    socket.resume();
    for (let n = 0; n < sized(20, 100); n += 1) {
      const block = Array.from({ length: 1000 }, (_, i) =>
        publish(`q/${i}`, Buffer.alloc(500), { qos: 1, messageId: i + 1 }),
      );
      await written(socket, Buffer.concat(block));
    }
    await pause(LASTS_MS / 5);
    const back = await enter(means, first(means), { clean: true });
    back.socket.destroy();
    return socket.destroyed ? 'the sender was cut off' : 'the sender stays';
  },
  'a reader that stops, 200 MiB for it': async (means) => {
    const reader = (await enter(means, first(means))).socket;
    await written(
      reader,
      bytesOf({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'r', qos: 0 }] } as never),
    );
    await pause(200);
    reader.pause();
    const { socket } = await enter(means, second(means));
    const block = publish('r', Buffer.alloc(1 << 20));
    for (let n = 0; n < sized(20, 200); n += 1) await written(socket, block);
    await pause(LASTS_MS / 5);
    return 'sent';
  },
  '100,000 retained messages': async (means) => {
    const { socket } = await enter(means, first(means));
    socket.resume();
    const count = sized(12_000, 100_000);
    for (let n = 0; n < count; n += 1000) {
      const block = Array.from({ length: 1000 }, (_, i) => publish(`t/${n + i}`, Buffer.alloc(1000), { retain: true }));
      await written(socket, Buffer.concat(block));
    }
    await pause(LASTS_MS / 5);
    for (let n = 0; n < count; n += 1000) {
      await written(
        socket,
        Buffer.concat(Array.from({ length: 1000 }, (_, i) => publish(`t/${n + i}`, '', { retain: true }))),
      );
    }
    return 'sent, then removed';
  },
  'kept messages with topics of 60 kB': async (means) => {
    await away(means, '#');
    const { socket } = await enter(means, second(means));
    socket.resume();
    for (let n = 0; n < sized(2_000, 12_000); n += 1) {
      await written(socket, publish(`${n}${'t'.repeat(60_000)}`, 'x', { qos: 1, messageId: 1 + (n % 60_000) }));
    }
    await pause(LASTS_MS / 5);
    await back(means);
    return fate(socket);
  },
  'a kept byte in each 16 kB': async (means) => {
    await away(means, 'k');
    const { socket } = await enter(means, second(means));
    socket.resume();
    const rest = publish('nobody', Buffer.alloc(16_000));
    for (let n = 0; n < sized(2_000, 12_000); n += 1) {
      await written(socket, Buffer.concat([publish('k', 'x', { qos: 1, messageId: 1 + (n % 60_000) }), rest]));
    }
    await pause(LASTS_MS / 5);
    await back(means);
    return fate(socket);
  },
  '100,000 filters in SUBSCRIBEs of 1,000': async (means) => {
    const { socket } = await enter(means, first(means));
    socket.resume();
    for (let n = 0; n < sized(3_000, 100_000) && !socket.destroyed; n += 1000) {
      const subscriptions = Array.from({ length: 1000 }, (_, i) => ({ topic: `f/${n + i}/+`, qos: 0 }));
      await written(socket, bytesOf({ cmd: 'subscribe', messageId: 1 + n / 1000, subscriptions } as never));
    }
    await pause(LASTS_MS / 5);
    return fate(socket);
  },
  'UNSUBSCRIBEs of 80,000 filters': async (means) => {
    const { socket } = await enter(means, first(means));
    socket.resume();
    const bytes = bytesOf({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: Array(80_000).fill('a') } as never);
    await flood(1, () => (socket.destroyed ? pause(100) : written(socket, bytes)));
    return fate(socket);
  },
  'QoS 2 that is never released': async (means) => {
    const { socket } = await enter(means, first(means));
    socket.resume();
    for (let n = 0; n < sized(2_000, 60_000) && !socket.destroyed; n += 1) {
      await written(socket, publish('q', Buffer.alloc(1000), { qos: 2, messageId: n + 1 }));
    }
    await pause(LASTS_MS / 5);
    return fate(socket);
  },
  'wills of 60 kB, connections cut': async (means) => {
    const will = { topic: 'w', payload: Buffer.alloc(60_000), qos: 1, retain: true };
    const count = await flood(10, async () => {
      const { socket } = await enter(means, first(means), { clientId: `w${Math.random()}`, will });
      socket.destroy();
    });
    return `${Math.round((count * 1000) / LASTS_MS)} a second`;
  },
  'come and go with a certificate': async (means) => {
    const { identities } = means;
    let n = 0;
    const count = await flood(20, async () => {
      const identity = identities[(n += 1) % identities.length] as (typeof identities)[number];
      const { socket } = await enter(means, identity, { clientId: identity.commonName });
      socket.end(bytesOf({ cmd: 'disconnect' } as never));
    });
    return `${Math.round((count * 1000) / LASTS_MS)} a second`;
  },
  'WebSockets asked for a byte each 50 ms': async (means) => {
    const request = Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nX: ');
    const slow = await Promise.all(
      Array.from({ length: 90 }, () => handshake(means, first(means), means.target.wsPort)),
    );
    const end = Date.now() + LASTS_MS + 3000;
    for (let n = 0; Date.now() < end; n += 1) {
      for (const socket of slow) if (!socket.destroyed) socket.write(request.subarray(n, n + 1).length ? request.subarray(n, n + 1) : 'x'); // prettier-ignore
      await pause(50);
    }
    return `${slow.filter(({ destroyed }) => destroyed).length} of 90 closed`;
  },
};
