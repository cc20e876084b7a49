import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CONTRACTS } from '../support/contracts';
import { exampleFlow } from '../support/example-flow';
import { CHECKOUT } from '../support/runtimes';

const names = readdirSync(join(CHECKOUT, 'examples'));

describe('the nodes of the examples', () => {
  // A property that is missing was once marked in the editor: "not properly configured" right after the import.
  for (const name of names) {
    it(`have all their properties: ${name}`, () => {
      const missing = exampleFlow(name.slice(0, 2)).flatMap((node) =>
        Object.keys(CONTRACTS[node.type] ?? {})
          .filter((property) => !(property in node))
          .map((property) => `${node.type} "${node.name}": ${property}`),
      );
      assert.deepEqual(missing, []);
    });
  }
});
