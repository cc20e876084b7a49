import assert from 'node:assert/strict';
import { deviceCompatibility } from '../../src/pki/device-compatibility';
import { DEVICE_RULES } from '../../src/model/device-rules';
import { compatibilityCases, type CompatibilityCase } from '../support/compatibility-cases';
import { JUDGES } from '../support/compatibility-judges';
import type { Judgement } from '../support/judge-program';
import { serveCases } from '../support/served-cases';
import { temporaryFolder } from '../support/temporary-folder';

/** Not by a judgement: too slow on a device, documented by Apple only, or for stacks that are measured now and then. */
const NOT_HERE = ['slow-key', 'long-lived-server', 'registry-wildcard', 'no-names', 'weak-key', 'weak-signature'];

/** The stacks of today's systems; docs/compatibility.md has all. */
describe('the verdicts on devices, judged by the stacks themselves', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  const judges = JUDGES.filter(({ permanent }) => permanent);
  let cases: CompatibilityCase[];
  let closeServers = (): void => undefined;
  const judgements = new Map<string, Promise<Judgement[]>>();

  before(async () => {
    cases = await compatibilityCases({ all: false });
    const { served, close } = await serveCases(cases, folder);
    closeServers = close;
    for (const { id, judge } of judges) judgements.set(id, judge(served, folder));
    await Promise.allSettled(judgements.values());
  });
  after(() => closeServers());

  const verdictsOn = ({ leaf, sent, anchors }: CompatibilityCase) => deviceCompatibility(leaf, [...sent, ...anchors]);

  for (const { id, name, stack } of judges) {
    it(name, async () => {
      assert.ok(stack);
      const said = (await judgements.get(id)) ?? [];
      const wrong = cases.flatMap((item, index) => {
        const { verdict, rule } = verdictsOn(item)[stack];
        const judgement = said[index];
        const isRefused = judgement !== undefined;
        const isRight = item.isWrong ? isRefused : verdict === 'limited' || (verdict === 'refused') === isRefused;
        return isRight ? [] : [`${item.name}: we say ${verdict} (${rule ?? '-'}), it says ${judgement ?? 'ok'}`];
      });
      assert.deepEqual(wrong, []);
    });
  }

  it('every rule is put to the test', () => {
    const met = new Set(cases.flatMap((item) => Object.values(verdictsOn(item)).map(({ rule }) => rule)));
    const missing = DEVICE_RULES.map(({ id }) => id).filter((id) => !met.has(id) && !NOT_HERE.includes(id));
    assert.deepEqual(missing, []);
  });
});
