import type { NodeRedProcess } from './node-red-process';

/** Members of settings.js for two people and what they may do; whoever knows the name gets in. */
export const ADMIN_AUTH = `adminAuth: {
  type: 'credentials',
  users: async (username) => ({ username, permissions: { reader: ['*.read'], writer: ['*'] }[username] }),
  authenticate: async (username) => ({ username, permissions: { reader: ['*.read'], writer: ['*'] }[username] }),
},`;

export type Person = 'reader' | 'writer' | 'nobody';

/** An answer of an admin route, read to its end. */
export interface Answered {
  status: number;
  body: Buffer;
  /** Empty when the answer is no JSON. */
  json: Record<string, unknown>;
  headers: Headers;
}

/** Asks the admin routes below `/secure-mqtt/` as somebody who logged in, or as nobody. */
export class AdminPeople {
  private readonly tokens = new Map<Person, string>();

  private constructor(private readonly red: NodeRedProcess) {}

  /** @param red was started with {@link ADMIN_AUTH} */
  static async login(red: NodeRedProcess): Promise<AdminPeople> {
    const people = new AdminPeople(red);
    for (const username of ['reader', 'writer'] as const) {
      const answer = await fetch(`${red.url}auth/token`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          client_id: 'node-red-admin',
          grant_type: 'password',
          scope: '',
          username,
          password: 'x',
        }),
      });
      people.tokens.set(username, ((await answer.json()) as { access_token: string }).access_token);
    }
    return people;
  }

  /** @param path relative to `/secure-mqtt/` */
  async ask(person: Person, path: string, init: RequestInit = {}): Promise<Answered> {
    const token = this.tokens.get(person);
    const headers = { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...(init.headers as object) };
    const answer = await fetch(`${this.red.url}secure-mqtt/${path}`, { ...init, headers });
    const body = Buffer.from(await answer.arrayBuffer());
    const isJson = answer.headers.get('content-type')?.startsWith('application/json');
    const json = isJson && body.length > 0 ? (JSON.parse(String(body)) as Record<string, unknown>) : {};
    return { status: answer.status, body, json, headers: answer.headers };
  }

  /** What the editor loads with this token. */
  tokenOf(person: Person): string | undefined {
    return this.tokens.get(person);
  }
}

/** A write as the editor sends it. @param body text is sent as it is */
export function post(body: unknown = {}, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Secure-MQTT': '1', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}
