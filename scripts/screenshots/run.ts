import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../../test/support/runtimes';
import { PhotoSession } from './photo-session';
import { ALBUMS } from './pictures';

/** A README must open quickly on a bad line, too. */
const LARGEST_BYTES = 150_000;
const FOLDER = join(CHECKOUT, 'docs', 'pictures');

async function run(wanted: readonly string[]): Promise<void> {
  for (const { examples, pictures } of ALBUMS) {
    const chosen = Object.entries(pictures).filter(([name]) => wanted.length === 0 || wanted.includes(name));
    if (chosen.length === 0) continue;
    const session = await PhotoSession.start(examples);
    try {
      for (const [name, { size, dark = false, pose }] of chosen) {
        await session.fresh({ ...size, dark });
        const clip = await pose(session);
        const bytes = await session.page.screenshot({ ...(clip && { clip }), animations: 'disabled' });
        if (bytes.length > LARGEST_BYTES) {
          throw new Error(`${name}: ${bytes.length} bytes, at most ${LARGEST_BYTES}: cut it smaller`);
        }
        writeFileSync(join(FOLDER, `${name}.png`), bytes);
        console.log(`${name}.png  ${Math.ceil(bytes.length / 1000)} kB`);
      }
    } finally {
      await session.stop();
    }
  }
}

run(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
