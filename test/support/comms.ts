import { createRequire } from 'node:module';

interface Status {
  fill?: string;
  shape?: string;
  text?: string;
}

interface Socket {
  send(text: string): void;
  close(): void;
  once(event: string, listener: (...args: never[]) => void): Socket;
  on(event: string, listener: (data: Buffer) => void): Socket;
}

/** What the editor hears from a running Node-RED: statuses of nodes and messages of debug nodes. */
export class Comms {
  readonly statuses = new Map<string, Status>();
  readonly debug: { id: string; msg: unknown }[] = [];
  /** What our own topics said last. */
  readonly news = new Map<string, unknown>();
  private isKnown = false;
  private readonly waiting = new Set<() => void>();

  private constructor(private readonly socket: Socket) {
    socket.on('message', (data) => {
      type Told = { topic?: string; data: never; auth?: string };
      for (const { topic, data: told, auth } of [JSON.parse(String(data))].flat() as Told[]) {
        this.isKnown ||= auth === 'ok';
        if (topic?.startsWith('secure-mqtt/')) this.news.set(topic, told);
        if (topic?.startsWith('status/')) this.statuses.set(topic.slice('status/'.length), told);
        if (topic === 'debug') this.debug.push(told);
      }
      for (const look of this.waiting) look();
    });
  }

  /**
   * @param url of the editor, with a slash at the end
   * @param token of somebody who logged in, where that is needed
   */
  static async connect(url: string, token?: string): Promise<Comms> {
    // Node 20 has no WebSocket client of its own; Node-RED brings one.
    const WebSocket = createRequire(require.resolve('@node-red/editor-api'))('ws') as new (url: string) => Socket;
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}comms`);
    const comms = new Comms(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve as never).once('error', reject as never);
    });
    if (token !== undefined) {
      socket.send(JSON.stringify({ auth: token }));
      await comms.until('the token is accepted', () => comms.isKnown);
    }
    for (const topic of ['status/#', 'debug']) socket.send(JSON.stringify({ subscribe: topic }));
    return comms;
  }

  /** Wait until a question has an answer; the test's own time limit ends a wait in vain, saying what was heard. */
  async until<T>(what: string, ask: () => T | undefined | false, limitMs = 60_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(limit);
        this.waiting.delete(look);
      };
      const look = () => {
        const answer = ask();
        if (!answer) return;
        finish();
        resolve(answer);
      };
      const limit = setTimeout(() => {
        finish();
        const heard = JSON.stringify([...this.statuses, ...this.debug.slice(-5)], undefined, 1);
        reject(new Error(`waited in vain until ${what}; heard ${heard}`));
      }, limitMs);
      this.waiting.add(look);
      look();
    });
  }

  /** Wait for a status of a node. */
  status(id: string, text: string | RegExp): Promise<Status> {
    return this.until(`${id} shows ${text}`, () => {
      const status = this.statuses.get(id);
      const fits = typeof text === 'string' ? status?.text === text : text.test(status?.text ?? '');
      return fits ? status : undefined;
    });
  }

  /** Wait for the next message of a debug node. */
  message(id: string): Promise<unknown> {
    return this.until(`${id} has a message`, () => this.debug.find((one) => one.id === id))?.then((one) => one.msg);
  }

  close(): void {
    this.socket.close();
  }
}
