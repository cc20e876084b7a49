import Module from 'node:module';
import path from 'node:path';

/** Gives everything below `src/` the `node:path` of Windows. To be imported before the product. */
const SOURCE = path.join(__dirname, '..', '..', 'src');

type Load = (request: string, parent: { filename?: string } | undefined, isMain: boolean) => unknown;
const loader = Module as unknown as { _load: Load };
const load = loader._load;
loader._load = function (request, parent, isMain) {
  const ofProduct = parent?.filename?.startsWith(SOURCE) ?? false;
  if (ofProduct && (request === 'node:path' || request === 'path')) return path.win32;
  return load.call(this, request, parent, isMain);
};
