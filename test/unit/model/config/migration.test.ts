import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { migrate, type Migration } from '../../../../src/model/config/migration';

interface Config {
  version: number;
  size: number;
  unit: string;
}
const CURRENT: Config = { version: 3, size: 10, unit: 'm' };
const STEPS: readonly Migration[] = [
  { from: 1, up: ({ length, ...rest }) => ({ ...rest, size: length }) },
  { from: 2, up: (config) => ({ ...config, unit: config.imperial ? 'ft' : 'm' }) },
];

describe('migrate', () => {
  const rows: [string, Record<string, unknown>, Partial<Config>][] = [
    [
      'a configuration of the first version by all steps',
      { version: 1, length: 5, imperial: true },
      { size: 5, unit: 'ft' },
    ],
    ['one without version as the first', { length: 5 }, { size: 5, unit: 'm' }],
    ['one whose version was emptied as the first', { version: '', length: 5 }, { size: 5 }],
    ['one of the second by the last step', { version: 2, size: 7, imperial: true }, { size: 7, unit: 'ft' }],
    ['one whose version is a text', { version: '2', size: 7 }, { size: 7 }],
    ['the current one by none', { version: 3, size: 7, unit: 'km' }, { size: 7, unit: 'km' }],
    ['what is missing or null by the defaults', { version: 3, size: null }, { size: 10, unit: 'm' }],
  ];
  for (const [what, stored, expected] of rows) {
    it(`brings ${what}`, () => {
      const before = structuredClone(stored);
      const { version, size, unit } = migrate(stored, CURRENT, STEPS);
      assert.deepEqual({ size, unit, version }, { ...CURRENT, ...expected });
      assert.deepEqual(stored, before, 'the stored one is not changed');
    });
  }

  for (const version of [4, '4', 1e9]) {
    it(`refuses the newer version ${JSON.stringify(version)}, naming both and where to update`, () => {
      assert.throws(() => migrate({ version }, CURRENT, STEPS), {
        code: 'INPUT_CONFIG_VERSION',
        message: new RegExp(`version ${version}, this package knows 3`),
        hint: /Manage palette/,
      });
    });
  }

  for (const version of ['banana', 0, -1, 1.5, NaN, Infinity, true, {}, [], 'x'.repeat(10_000)]) {
    it(`refuses the version ${JSON.stringify(version).slice(0, 30)}`, () => {
      assert.throws(
        () => migrate({ version }, CURRENT, STEPS),
        ({ code, message, hint }) => {
          assert.equal(code, 'INPUT_CONFIG');
          assert.ok(message.length < 250 && hint !== '');
          return true;
        },
      );
    });
  }

  it('does not pass over a step that was forgotten', () => {
    assert.throws(() => migrate({ version: 1 }, CURRENT, STEPS.slice(1)), TypeError);
  });
});

describe('the settings of every node', () => {
  const folder = path.join(__dirname, '../../../../src/model/config');
  const tables = readdirSync(folder)
    .filter((file) => /^(tls|secure)-/.test(file))
    .map((file) => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- found by its name
      const module = require(path.join(folder, file)) as Record<string, unknown>;
      const [, defaults] = Object.entries(module).find(([name]) => name.endsWith('_DEFAULTS')) ?? [];
      return { type: path.basename(file, '.ts'), defaults: defaults as { version: number } & Record<string, unknown> };
    });

  it('are found', () => assert.equal(tables.length, 11));

  for (const { type, defaults } of tables) {
    it(`of ${type}: nothing becomes the defaults, the defaults stay, one at a time is filled in`, () => {
      assert.deepEqual(migrate({}, defaults), defaults);
      assert.deepEqual(migrate({ ...defaults }, defaults), defaults);
      for (const missing of Object.keys(defaults)) {
        const rest: Record<string, unknown> = { ...defaults };
        delete rest[missing];
        assert.deepEqual(migrate(rest, defaults), defaults, missing);
      }
    });

    it(`of ${type} of a newer version are refused`, () => {
      const newer = { ...defaults, version: defaults.version + 1 };
      assert.throws(() => migrate(newer, defaults), { code: 'INPUT_CONFIG_VERSION' });
    });
  }
});
