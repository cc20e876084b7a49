import { DEVICE_STACKS } from '../../src/model/device-stacks';
import { deviceCompatibility } from '../../src/pki/device-compatibility';
import { compatibilityCases, type CompatibilityCase } from './compatibility-cases';
import { JUDGES, type CompatibilityJudge } from './compatibility-judges';
import type { Judgement } from './judge-program';
import { serveCases } from './served-cases';
import { temporaryFolder } from './temporary-folder';

/** A stack that was asked. */
interface Measured {
  judge: CompatibilityJudge;
  version: string;
  judgements: Judgement[];
}

/** A stack that could not be asked, and why. */
interface Missing {
  judge: CompatibilityJudge;
  reason: string;
}

/** What came of a measurement: the page to be written, and what contradicts the table of verdicts. */
export interface CompatibilityReport {
  markdown: string;
  contradictions: string[];
  missing: Missing[];
}

/** Let every stack of this machine judge every case. @param tell is told about each stack as it ends */
export async function measureCompatibility(tell: (line: string) => void, now: Date): Promise<CompatibilityReport> {
  const folder = temporaryFolder();
  const cases = await compatibilityCases({ all: true });
  const { served, close } = await serveCases(cases, folder);
  const measured: Measured[] = [];
  const missing: Missing[] = [];
  for (const judge of JUDGES) {
    try {
      const version = await judge.version(folder);
      if (judge.expects && !judge.expects.test(version)) throw new Error(`this machine has ${version}`);
      measured.push({ judge, version, judgements: await judge.judge(served, folder) });
      tell(`${judge.name}: ${version}`);
    } catch (error) {
      const [reason = ''] = String((error as Error).message).split('\n');
      missing.push({ judge, reason });
      tell(`${judge.name}: missing (${reason}); sudo apt-get install ${judge.packages}`);
    }
  }
  close();
  const contradictions = measured.flatMap((one) => contradictionsOf(one, cases));
  return { markdown: pageOf(measured, missing, cases, contradictions, now), contradictions, missing };
}

function contradictionsOf({ judge, judgements }: Measured, cases: readonly CompatibilityCase[]): string[] {
  const { stack, name } = judge;
  if (!stack) return [];
  return cases.flatMap((item, index) => {
    const { verdict } = verdictsOn(item)[stack];
    const said = judgements[index];
    if (item.isWrong) return said === undefined ? [`${name} accepts ${item.name}`] : [];
    if (verdict === 'limited' || (verdict === 'ok') === (said === undefined)) return [];
    return [`${name}, ${item.name}: the table says ${verdict}, it says ${said ?? 'ok'}`];
  });
}

function verdictsOn({ leaf, sent, anchors }: CompatibilityCase) {
  return deviceCompatibility(leaf, [...sent, ...anchors]);
}

function pageOf(
  measured: readonly Measured[],
  missing: readonly Missing[],
  cases: readonly CompatibilityCase[],
  contradictions: readonly string[],
  now: Date,
): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const table = cases.map((item, index) =>
    row([item.name, ...measured.map(({ judgements }) => (judgements[index] === undefined ? '✓' : '**✗**'))]),
  );
  const reasons = measured.flatMap(({ judge, judgements }) =>
    cases.flatMap(({ name }, index) => {
      const said = judgements[index];
      return said === undefined
        ? []
        : [row([judge.name, name, `\`${said.replaceAll('|', '/').replaceAll('`', "'").slice(0, 120)}\``])];
    }),
  );
  return [
    '# What real TLS stacks make of our certificates',
    '',
    '<!-- written by scripts/measure-compatibility.mjs; do not edit -->',
    '',
    `Measured on ${now.toISOString().slice(0, 10)}. Each case is a broker with its certificate, each column a client that connects to it or a`,
    'verifier that is given its chain. ✓: accepted.',
    '',
    'The verdicts in the editor, in `tls-issue`, `tls-inventory` and `tls-export` come from the table in',
    '`src/model/device-rules.ts`; `test/interop/compatibility.test.ts` compares it with the stacks of every CI machine. The column',
    `*${DEVICE_STACKS.apple.label}* is not measured: its one row (825 days) is from Apple's "Requirements for trusted certificates in iOS 13`,
    'and macOS 10.15". That a key of RSA 3072 or 4096 is too slow for an ESP8266 was not measured on a device either.',
    '',
    '| stack | version | column |',
    '|---|---|---|',
    ...measured.map(({ judge, version }) =>
      row([judge.name, version.slice(0, 60), judge.stack ? DEVICE_STACKS[judge.stack].label : '–']),
    ),
    ...(missing.length > 0
      ? [
          '',
          `Not on the machine that measured: ${missing.map(({ judge }) => `${judge.name} (${judge.packages})`).join(', ')}.`,
        ]
      : []),
    '',
    row(['case', ...measured.map(({ judge }) => judge.name)]),
    row(['---', ...measured.map(() => ':-:')]),
    ...table,
    '',
    contradictions.length === 0
      ? 'No stack contradicts the table of verdicts.'
      : ['Contradictions to the table of verdicts:', '', ...contradictions.map((line) => `- ${line}`)].join('\n'),
    '',
    '## What they say',
    '',
    '| stack | case | reason |',
    '|---|---|---|',
    ...reasons,
    '',
  ].join('\n');
}
