// Lets every TLS stack that this machine has judge certificates in some fifty situations, and writes the result to
// docs/compatibility.md. Names the stacks that are missing with the command that installs them.
//
//   node scripts/measure-compatibility.mjs            (a minute or two)
//
// Fails when a stack contradicts the table of verdicts (src/model/device-rules.ts).
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tsImport } from 'tsx/esm/api';
import { TOOL_PATH } from './requirements.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.env.PATH = TOOL_PATH;

const { measureCompatibility } = await tsImport('../test/support/compatibility-report.ts', import.meta.url);
const { markdown, contradictions, missing } = await measureCompatibility((line) => console.log(line), new Date());
await writeFile(join(root, 'docs', 'compatibility.md'), markdown);
console.log(
  `\ndocs/compatibility.md written, ${missing.length} stacks missing, ${contradictions.length} contradictions`,
);
for (const line of contradictions) console.log(`  ${line}`);
if (contradictions.length > 0) process.exitCode = 1;
