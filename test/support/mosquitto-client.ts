import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ClientRun {
  /** Exit code; null when it was ended by {@link MosquittoClient.stop}. */
  code: number | null;
  output: string;
}

/** A running `mosquitto_pub` or `mosquitto_sub`. */
export interface MosquittoClient {
  ended: Promise<ClientRun>;
  stop(): Promise<ClientRun>;
}

/** Start a client of Mosquitto, which is what most people test a broker with. */
export function mosquittoClient(program: 'mosquitto_pub' | 'mosquitto_sub', args: readonly string[]): MosquittoClient {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return {
    ended,
    stop: async () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
