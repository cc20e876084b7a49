import type { Parser } from './fuzzer';
import { brokerParsers } from './parsers/broker';
import { containerParsers } from './parsers/containers';
import { dialogParsers } from './parsers/dialogs';
import { encodedParsers } from './parsers/encoded';
import { folderParsers, makeDisks } from './parsers/folders';
import { messageParsers } from './parsers/messages';
import { textParsers } from './parsers/texts';
import { wireParsers } from './parsers/wire';
import { makeSamples } from './samples';

/** Every reader of foreign input in the package. A new one is a new row in one of the files of `parsers/`. */
export async function allParsers(): Promise<Parser[]> {
  const samples = await makeSamples();
  return [
    ...encodedParsers(samples),
    ...containerParsers(samples),
    ...wireParsers(samples),
    ...textParsers(),
    ...messageParsers(),
    ...brokerParsers(),
    ...dialogParsers(),
    ...folderParsers(await makeDisks()),
  ];
}
