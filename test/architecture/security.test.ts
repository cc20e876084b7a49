import assert from 'node:assert/strict';
import ts from 'typescript';
import { readTracked, trackedFiles } from '../support/source-tree';

/** `test/….test.ts` followed by the titles of tests in it, each in quotation marks. */
const PROOF = /`(test\/[\w./-]+\.test\.ts)`((?:,? “[^”]+”)+)/g;
const TITLE = /“([^”]+)”/g;

/** One line of the table of guarantees. */
interface Guarantee {
  claim: string;
  proofs: { file: string; titles: string[] }[];
}

const files = new Set(trackedFiles());

function guarantees(text = readTracked('SECURITY.md')): Guarantee[] {
  const section = text.split(/^## /m).find((part) => part.startsWith('What we promise')) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) => {
    const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const proofs = [...(cells.at(-2) ?? '').matchAll(PROOF)].map(([, file = '', titles = '']) => ({
      file,
      titles: [...titles.matchAll(TITLE)].map(([, title = '']) => title),
    }));
    return { claim: cells[1] ?? '', proofs };
  });
}

/** The texts in the titles of `it` and `describe`; of a title made from a table, the parts that stand in the source. */
function titlesOf(file: string): string[] {
  const source = ts.createSourceFile(file, readTracked(file), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(it|describe)$/.test(node.expression.getText(source))) {
      const [title] = node.arguments;
      if (title && ts.isStringLiteralLike(title)) found.push(title.text);
      if (title && ts.isTemplateExpression(title)) {
        found.push(title.head.text, ...title.templateSpans.map(({ literal }) => literal.text));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe('SECURITY.md', () => {
  it('names for each guarantee a test that proves it', () => {
    assert.ok(guarantees().length >= 15);
    const unproved = guarantees().filter(({ proofs }) => proofs.length === 0);
    assert.deepEqual(
      unproved.map(({ claim }) => claim),
      [],
    );
  });

  it('names only tests that exist', () => {
    const missing = guarantees().flatMap(({ proofs }) =>
      proofs.flatMap(({ file, titles }) => {
        if (!files.has(file)) return [file];
        const known = titlesOf(file);
        return titles.filter((title) => !known.some((one) => one.includes(title))).map((title) => `${file}: ${title}`);
      }),
    );
    assert.deepEqual(missing, []);
  });

  it('would be caught naming one that does not', () => {
    const text = '## What we promise\n\n| a | b | c |\n|---|---|---|\n| x | y | `test/a.test.ts` “one”, “two” |\n';
    assert.deepEqual(guarantees(text), [{ claim: 'x', proofs: [{ file: 'test/a.test.ts', titles: ['one', 'two'] }] }]);
    assert.ok(!titlesOf('test/architecture/security.test.ts').includes('one'));
  });
});
