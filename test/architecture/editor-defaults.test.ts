import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';
import ts from 'typescript';
import { CHECKOUT } from '../support/runtimes';
import { CONTRACTS } from '../support/contracts';

/** The editor keeps the number of ports itself, and only of nodes whose `defaults` name it. */
const EDITOR_ONLY = ['outputs'];

interface Definition {
  category: string;
  color: string;
  icon: string;
  paletteLabel: string;
  defaults: Record<string, { value: unknown; validate?: { length: number }; type?: string }>;
  credentials?: Record<string, { type: string }>;
}

interface EditorPages {
  nodeTypes(): Promise<string[]>;
  editorPage(type: string): Promise<string>;
}

/** The script of the build, so that what is judged here is what is built. */
const pages = import(join(CHECKOUT, 'scripts', 'editor-page.mjs')) as Promise<EditorPages>;

/** The text of `<script type="text/javascript">`, as the Flow Library's scorecard finds it. */
function scriptOf(page: string): string {
  const scripts = [...page.matchAll(/<script type="text\/javascript">\n([\s\S]*?)<\/script>/g)];
  assert.equal(scripts.length, 1);
  return scripts[0]?.[1] ?? '';
}

/** What the script registers when an editor runs it. */
function registered(script: string): Map<string, Definition> {
  const found = new Map<string, Definition>();
  const RED = {
    _: (key: string) => key,
    events: { on: () => undefined },
    nodes: { registerType: (type: string, definition: Definition) => found.set(type, definition) },
  };
  vm.runInNewContext(script, { RED });
  return found;
}

/** The object literal after the literal type in `RED.nodes.registerType("…", {…})`. */
function literalOf(script: string, type: string): ts.ObjectLiteralExpression | undefined {
  let literal: ts.ObjectLiteralExpression | undefined;
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'RED.nodes.registerType') {
      const [name, definition] = node.arguments;
      if (name && definition && ts.isStringLiteral(name) && name.text === type) {
        if (ts.isObjectLiteralExpression(definition)) literal = definition;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('page.js', script, ts.ScriptTarget.Latest, true));
  return literal;
}

function member(literal: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const property = literal.properties.find((one) => one.name?.getText() === name);
  return property && ts.isPropertyAssignment(property) ? property.initializer : undefined;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('what the editor registers', () => {
  it('is known for every node of the package', async () => {
    const manifest = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
      'node-red': { nodes: Record<string, string> };
    };
    assert.deepEqual(await (await pages).nodeTypes(), Object.keys(CONTRACTS).sort());
    assert.deepEqual(Object.keys(manifest['node-red'].nodes).sort(), Object.keys(CONTRACTS).sort());
  });

  for (const [type, contract] of Object.entries(CONTRACTS)) {
    describe(type, () => {
      let script: string;
      let definition: Definition;

      before(async () => {
        script = scriptOf(await (await pages).editorPage(type));
        const all = registered(script);
        assert.deepEqual([...all.keys()], [type]);
        definition = all.get(type) as Definition;
      });

      it('has exactly the properties of the contract, with its values', () => {
        const values = Object.fromEntries(
          Object.entries(definition.defaults)
            .filter(([name]) => !EDITOR_ONLY.includes(name))
            .map(([name, { value }]) => [name, value]),
        );
        assert.deepEqual(plain(values), plain(contract));
      });

      it('keeps all credentials secret', () => {
        for (const [name, { type: kind }] of Object.entries(definition.credentials ?? {})) {
          assert.equal(kind, 'password', `${name}: a text credential is answered in clear by the admin API`);
        }
      });

      it('has validators that may say why', () => {
        for (const [name, { validate }] of Object.entries(definition.defaults)) {
          if (validate) assert.equal(validate.length, 2, `${name}: the editor shows the reason only of such functions`);
        }
      });

      // FACTS §1: otherwise the node is skipped and the scorecard passes without having looked.
      it('can be read by the Flow Library’s scorecard', () => {
        const literal = literalOf(script, type);
        assert.ok(literal, 'a literal type with an object literal');
        for (const name of ['category', 'color']) {
          assert.ok(ts.isStringLiteral(member(literal, name) as ts.Node), `${name} is a literal`);
        }
        const defaults = member(literal, 'defaults');
        assert.ok(defaults && ts.isObjectLiteralExpression(defaults), 'defaults is an object literal');
        for (const property of [...literal.properties, ...defaults.properties]) {
          assert.ok(!ts.isSpreadAssignment(property), `no spread in ${property.getText()}`);
        }
      });

      it('is in the palette of its own, or a config node', () => {
        assert.ok(['secure mqtt', 'config'].includes(definition.category));
        assert.equal(definition.icon, `${type}.svg`);
      });
    });
  }
});
