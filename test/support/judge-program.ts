import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** A case as it lies on the disk and is served. */
export interface ServedCase {
  name: string;
  /** On 127.0.0.1, with TLS. */
  port: number;
  /** PEM files. */
  chain: string;
  anchors: string;
  /** Host name or address. */
  peer: string;
}

/** Undefined when the stack accepts, else its reason. */
export type Judgement = string | undefined;

export async function firstLine(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, [...args]);
  return stdout.trim().split('\n')[0] ?? '';
}

/** A program that answers each line with one. */
export async function byLines(
  program: string,
  args: readonly string[],
  cases: readonly ServedCase[],
): Promise<Judgement[]> {
  const child = spawn(program, [...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const complaints: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  const closed = once(child, 'close');
  // A program that ended early is told below, by what it has not answered.
  child.stdin.on('error', () => undefined);
  child.stdin.end(cases.map(({ port, chain, anchors, peer }) => `${port} ${chain} ${anchors} ${peer}\n`).join(''));
  const answers: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) answers.push(line);
  await closed;
  if (answers.length !== cases.length) {
    throw new Error(
      `${program} answered ${answers.length} of ${cases.length} cases: ${complaints.join('').slice(0, 800)}`,
    );
  }
  return answers.map((line) => (line === 'ok' ? undefined : line));
}

const AT_ONCE = 3;

export async function oneByOne(
  cases: readonly ServedCase[],
  judge: (item: ServedCase, index: number) => Promise<Judgement>,
): Promise<Judgement[]> {
  const judgements: Judgement[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < cases.length; index = next++) {
      judgements[index] = await judge(cases[index] as ServedCase, index);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return judgements;
}

/** Exit status 0 means accepted; the last words of the program are the reason. */
export async function byStatus(program: string, args: readonly string[], reason: RegExp): Promise<Judgement> {
  try {
    await run(program, [...args], { env: { ...process.env, LC_ALL: 'C' }, timeout: 20_000 });
    return undefined;
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (code === 'ENOENT') throw error;
    const said = `${stdout}\n${stderr}`;
    return (reason.exec(said)?.[0] ?? said.trim().split('\n').at(-1))?.slice(0, 200) || `status ${String(code)}`;
  }
}
