/** Replaces a pair of files again and again, as a Node-RED that exports does: `<folder> <name of this process> <times>`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inTurn } from '../../src/export/export-result';
import { FileReplacement } from '../../src/store/file-replacement';
import { nodeFileSystem } from '../../src/store/file-system';
import { OutputFolder } from '../../src/store/output-folder';

const [folder = '', name = '', times = ''] = process.argv.slice(2);
const output = new OutputFolder(nodeFileSystem, folder);

async function replaceOften(): Promise<void> {
  for (let time = 1; time <= Number(times); time += 1) {
    const content = Buffer.from(`${name} ${time}`);
    const files = ['server.crt.pem', 'server.key.pem'].map((one) => ({ name: one, content, mode: 0o600 }));
    await inTurn(output, async () => {
      const replacement = await FileReplacement.begin(nodeFileSystem, output, files);
      for (const one of files) {
        const found = readFileSync(join(folder, one.name), 'utf8');
        if (found !== content.toString())
          throw new Error(`${one.name} holds "${found}" instead of "${String(content)}"`);
      }
      await replacement.keep();
    });
  }
}

replaceOften().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
