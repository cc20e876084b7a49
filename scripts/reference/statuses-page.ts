import { STATUSES } from '../../src/node-red/status';
import { code, table } from './markdown';

/** `docs/reference/statuses.md`: every status a node shows. */
export function statusesPage(): string {
  const rows = Object.entries(STATUSES).map(([name, { fill, shape, text }]) => [
    `*${text.replace(/__(\w+)__/g, '‹$1›')}*`,
    `${fill} ${shape}`,
    code(name),
  ]);
  return `${INTRODUCTION}\n${table(['text', 'colour', 'name in the catalogue'], rows)}`;
}

const INTRODUCTION = `# Statuses

What stands below a node. A *status* node gets it as \`status.fill\`, \`status.shape\` and \`status.text\`. The text is in the language of the
runtime: a flow that decides something asks for colour and shape, or uses messages and [codes](codes.md).

Green is well. Yellow works, but something should be known. Red does not work, or is not encrypted; a ring tries again by itself, or
waits for somebody. Blue is busy. ‹reason› is one of the words beside the codes.
`;
