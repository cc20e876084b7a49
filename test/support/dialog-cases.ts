import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { EditorPage, startBrowser } from './browser';
import { freePort } from './free-port';
import { NodeRedProcess, type NodeRedVersion } from './node-red-process';

const VERSIONS: NodeRedVersion[] = ['4.1', '5'];

type Value = string | boolean;

export interface DialogCase {
  /** The node in the flows. */
  node: Record<string, unknown> & { id: string; type: string };
  /** What is typed, and what is stored when it is another type. */
  change: Record<string, Value | { type: Value; stored: unknown }>;
  /** What is marked, with the reason. */
  refused: { set: Record<string, Value>; field: string; reason: RegExp }[];
  /** What is not marked although it looks unusual. */
  accepted?: { set: Record<string, Value>; field: string }[];
  /** Which fields apply when others have these values. */
  applying: { set: Record<string, Value>; shown: string[]; hidden: string[] }[];
}

const typed = (value: DialogCase['change'][string]): Value => (typeof value === 'object' ? value.type : value);
const stored = (value: DialogCase['change'][string]): unknown => (typeof value === 'object' ? value.stored : value);

/** Run something while fields hold other values, and put the old ones back. */
async function whileSet(editor: EditorPage, set: Record<string, Value>, run: () => Promise<void>): Promise<void> {
  const old: [name: string, value: Value][] = [];
  for (const [name, value] of Object.entries(set)) {
    old.unshift([name, await editor.shown(name)]);
    await editor.set(name, value);
  }
  await run();
  for (const [name, value] of old) await editor.set(name, value);
}

/**
 * Open every dialog in a real Chromium on both versions of Node-RED: it saves what was typed and nothing else, says what
 * is wrong, and shows what applies.
 *
 * @param dialogs one row per dialog
 * @param others nodes of the flows that are not judged
 */
export function judgeDialogs(
  title: string,
  dialogs: (port: number) => DialogCase[],
  others: Record<string, unknown>[] = [],
): void {
  for (const version of VERSIONS) {
    describe(`${title} in Node-RED ${version}`, () => {
      let browser: Browser;
      let red: NodeRedProcess;
      let editor: EditorPage;
      // The rows are needed to define the tests, the port only later; nothing connects to this one.
      const cases = dialogs(8883);

      before(async () => {
        const judged = dialogs(await freePort()).map(({ node }) => node);
        const flows = [{ id: 'tab', type: 'tab', label: 'test' }, ...others, ...judged];
        browser = await startBrowser();
        red = await NodeRedProcess.start({ version, flows });
        editor = await EditorPage.open(browser, red.url);
      });

      after(async () => {
        await browser.close();
        await red.stop();
      });

      // Loading takes longer than the tests: only after one that left its node changed or its dialog open.
      let untouched = true;

      beforeEach(async () => {
        if (!untouched) await editor.load(red.url);
        untouched = true;
      });

      afterEach(function () {
        untouched &&= this.currentTest?.state === 'passed';
      });

      for (const { node, change, refused, accepted = [], applying } of cases) {
        const { id, type } = node;

        it(`${type}: saves unchanged what was not touched`, async () => {
          const before = await editor.exported(id);
          assert.deepEqual(
            Object.keys(node).filter((key) => !(key in before)),
            [],
            'properties that the editor drops',
          );
          await editor.openDialog(id);
          await editor.save();
          const { fingerprint256: shownCa, ...after } = await editor.exported(id);
          const { fingerprint256: unknownCa, ...expected } = before;
          assert.deepEqual(after, expected);
          assert.equal(unknownCa ?? '', '');
          // The dialog of a CA remembers which one it has shown; that is its one change.
          assert.equal(await editor.isChanged(id), (shownCa ?? '') !== '');
          assert.deepEqual(editor.complaints, []);
        });

        // The same code in both versions; a dialog takes half a second.
        if (version === '5') {
          it(`${type}: shows the defaults of what its flow does not name, and stores no others`, async () => {
            untouched = false;
            const defaults = await editor.evaluate<Record<string, unknown>>(
              `(() => { const node = RED.nodes.node(${JSON.stringify(id)}); const shown = {};
                for (const [name, { value, type }] of Object.entries(node._def.defaults)) {
                  if (type || name === 'version' || value === undefined) continue;
                  delete node[name]; shown[name] = value; }
                return shown; })()`,
            );
            await editor.openDialog(id);
            for (const [field, value] of Object.entries(defaults)) {
              if (typeof value === 'boolean') assert.equal(await editor.shown(field), value, field);
            }
            await editor.save();
            const after = await editor.exported(id);
            // An empty CA is given names and a folder, and remembers which CA its dialog has shown.
            const own = type === 'tls-ca' ? ['name', 'commonName', 'folder', 'fingerprint256'] : [];
            for (const [field, value] of Object.entries(defaults)) {
              if (!own.includes(field)) assert.deepEqual(after[field], value, field);
            }
            assert.equal(await editor.isChanged(id), own.length > 0);
          });
        }

        it(`${type}: keeps what was typed`, async () => {
          untouched = false;
          await editor.openDialog(id);
          for (const [field, value] of Object.entries(change)) await editor.set(field, typed(value));
          await editor.save();
          const after = await editor.exported(id);
          for (const [field, value] of Object.entries(change)) assert.deepEqual(after[field], stored(value), field);
          await editor.openDialog(id);
          for (const [field, value] of Object.entries(change)) {
            assert.deepEqual(String(await editor.shown(field)), String(typed(value)), field);
          }
          await editor.cancel();
          assert.deepEqual(editor.complaints, []);
        });

        it(`${type}: says what is wrong`, async () => {
          await editor.openDialog(id);
          for (const { set, field, reason } of refused) {
            await whileSet(editor, set, async () =>
              assert.match((await editor.reasonAt(field)) ?? 'not marked', reason, JSON.stringify(set)),
            );
          }
          for (const { set, field } of accepted) {
            await whileSet(editor, set, async () =>
              assert.equal(await editor.reasonAt(field), undefined, JSON.stringify(set)),
            );
          }
          await editor.cancel();
          assert.deepEqual(editor.complaints, []);
        });

        it(`${type}: shows the fields that apply`, async () => {
          await editor.openDialog(id);
          for (const { set, shown, hidden } of applying) {
            await whileSet(editor, set, async () => {
              assert.deepEqual(await editor.nameless(), [], 'without a label');
              for (const field of shown) assert.ok(await editor.applies(field), `${field} with ${JSON.stringify(set)}`);
              for (const field of hidden) {
                assert.ok(!(await editor.applies(field)), `not ${field} with ${JSON.stringify(set)}`);
              }
            });
          }
          await editor.cancel();
        });
      }
    });
  }
}
