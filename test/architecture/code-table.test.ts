import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ERROR_CODES } from '../../src/model/errors';
import { DIAGNOSES } from '../../src/tls/diagnosis';
import { CHECKOUT } from '../support/runtimes';

interface CodeTable {
  helpWithCodes(): Promise<string>;
}

const script = join(CHECKOUT, 'scripts', 'code-table.mjs');
const help = readFileSync(join(CHECKOUT, 'nodes', 'locales', 'en-US', 'tls-probe.html'), 'utf8');
const listed = [...help.matchAll(/<dt>([A-Z0-9_]+)<\/dt>\s*<dd>([\s\S]*?)<\/dd>/g)];

describe('the codes in the help of tls-probe', () => {
  it('are those of the source: else run node scripts/code-table.mjs', async () => {
    const { helpWithCodes } = (await import(pathToFileURL(script).href)) as CodeTable;
    assert.equal(help, await helpWithCodes());
  });

  it('hold everything that a probe can diagnose, each once, with a mend', () => {
    const codes = listed.map(([, code]) => code ?? '');
    assert.deepEqual(
      DIAGNOSES.map(({ code }) => code).filter((code) => !codes.includes(code)),
      [],
    );
    assert.equal(new Set(codes).size, codes.length);
    assert.deepEqual(
      codes.filter((code) => !(code in ERROR_CODES)),
      [],
    );
    for (const [, code, text = ''] of listed) assert.match(text, /&rarr; [A-Z]\S+ /, code);
  });
});
