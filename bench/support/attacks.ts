import net from 'node:net';
import { inParallel } from '../../src/store/parallel';
import { bytesOf, counted, enter, first, flood, handshake, LASTS_MS, pause, written, type Attack } from './attacker';
import { HOARDING } from './hoarding-attacks';

/** Each begins with a quiet Node-RED. */
export const ATTACKS: Record<string, Attack> = {
  'as many clients as certificates': async (means) => {
    const codes: (number | undefined)[] = [];
    await inParallel([...means.identities], 20, async (identity) => {
      codes.push((await enter(means, identity)).code);
    });
    return counted(codes);
  },
  'one key, 300 clients': async (means) => {
    const codes: (number | undefined)[] = [];
    await inParallel(
      Array.from({ length: 300 }, (_, n) => n),
      20,
      async (n) => {
        codes.push((await enter(means, first(means), { clientId: `c${n}` })).code);
      },
    );
    return counted(codes);
  },
  'handshakes, a byte each 50 ms': async ({ target, open }) => {
    const hello = Buffer.from('16030100f0010000ec0303', 'hex');
    const slow = Array.from({ length: 500 }, () => net.connect(target.port, '127.0.0.1').on('error', () => undefined));
    open.push(...slow);
    const end = Date.now() + LASTS_MS + 3000;
    for (let n = 0; Date.now() < end; n += 1) {
      for (const socket of slow) if (!socket.destroyed) socket.write(hello.subarray(n % 11, (n % 11) + 1));
      await pause(50);
    }
    return `${slow.filter(({ destroyed }) => destroyed).length} of 500 closed`;
  },
  'handshakes, one after the other': async (means) => {
    const count = await flood(30, async () => (await handshake(means, first(means))).destroy());
    return `${Math.round((count * 1000) / LASTS_MS)} a second`;
  },
  'handshakes that fail': async ({ target }) => {
    const count = await flood(30, () => {
      const socket = net.connect(target.port, '127.0.0.1').on('error', () => undefined);
      socket.end('GET / HTTP/1.0\r\n\r\n');
      return new Promise((resolve) => socket.resume().once('close', resolve));
    });
    return `${Math.round((count * 1000) / LASTS_MS)} a second`;
  },
  'packets of 200 MiB': async (means) => {
    const announced = Buffer.from('30ffffff7f', 'hex');
    const count = await flood(5, async () => {
      const { socket } = await enter(means, first(means), { clientId: `o${Math.random()}` });
      await written(socket, Buffer.concat([announced, Buffer.alloc(1 << 20)]));
      socket.destroy();
    });
    return `${count} announced`;
  },
  'CONNECT without end': async (means) => {
    const sockets = await Promise.all(Array.from({ length: 90 }, () => handshake(means, first(means))));
    for (let n = 0; n < 60; n += 1) {
      await Promise.all(
        sockets.map((socket) => written(socket, n === 0 ? Buffer.from('10f0ff03', 'hex') : Buffer.alloc(1000))),
      );
      await pause(LASTS_MS / 50);
    }
    return `${sockets.filter(({ destroyed }) => destroyed).length} of 90 closed`;
  },
  'requests for WebSockets': async (means) => {
    const { target } = means;
    const request = `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`;
    const count = await flood(30, async () => {
      const socket = await handshake(means, first(means), target.wsPort);
      await written(socket, request);
    });
    return `${Math.round((count * 1000) / LASTS_MS)} a second, left open`;
  },
  'pings as fast as they go': async (means) => {
    const { socket } = await enter(means, first(means));
    socket.resume();
    const block = Buffer.concat(Array.from({ length: 10_000 }, () => bytesOf({ cmd: 'pingreq' } as never)));
    const count = await flood(1, () => written(socket, block));
    return `${Math.round((count * 10_000 * 1000) / LASTS_MS)} a second`;
  },
  ...HOARDING,
};
