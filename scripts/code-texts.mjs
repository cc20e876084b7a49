// The texts of the codes, those that a probe can report and all of them, read from the source.
//
// The meanings are those of src/model/errors.ts, the mends are the texts of the diagnosis tables and of the errors made
// in src: they are read from the source, not run, so that every branch of a text is found. Facts that a message fills
// in stand as "…".
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where a probe's findings come from, besides everything in src/tls. */
const MORE_SOURCES = [
  'src/model/target.ts',
  'src/node-red/authority-node.ts',
  'src/node-red/probe-inventory.ts',
  'src/node-red/probe-slots.ts',
  'src/node-red/stored-secrets.ts',
  'src/pki/strict-rules.ts',
  'src/pki/verification-rule.ts',
  'src/store/bounded-file.ts',
  'src/store/store-error.ts',
];

/** The file whose hints others import. */
const LENDER = 'src/pki/verification-rule.ts';
const lentConstants = new Map();

/**
 * Every code with a mend, in the order of the closed list.
 *
 * @returns {Promise<{code: string, meaning: string, fixes: string[]}[]>} English, without capital and period
 */
export async function readCodeTexts() {
  const meanings = readMeanings(await parse('src/model/errors.ts'));
  const fixes = await readFixes(new Set(meanings.keys()), await probeSources());
  return [...meanings.keys()]
    .filter((code) => fixes.has(code))
    .map((code) => ({ code, meaning: meanings.get(code), fixes: [...fixes.get(code)] }));
}

/**
 * Every code of the closed list, in its order, with the mends of the whole product; some have none of their own.
 *
 * @returns {Promise<{code: string, meaning: string, fixes: string[]}[]>} English, without capital and period
 */
export async function readAllCodeTexts() {
  const meanings = readMeanings(await parse('src/model/errors.ts'));
  const files = await Promise.all(['src', 'nodes'].map(sourcesBelow));
  const fixes = await readFixes(new Set(meanings.keys()), files.flat());
  return [...meanings].map(([code, meaning]) => ({ code, meaning, fixes: [...(fixes.get(code) ?? [])] }));
}

/** TypeScript of the runtime below a folder, as paths relative to the checkout. */
async function sourcesBelow(folder) {
  const names = await readdir(join(root, folder), { recursive: true });
  return names
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.editor.ts') && !file.startsWith('src/editor/'))
    .sort();
}

async function parse(file) {
  const text = await readFile(join(root, file), 'utf8');
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

/** Code and meaning of the closed list, in its order. */
function readMeanings(source) {
  const meanings = new Map();
  visit(source, (node) => {
    if (!ts.isVariableDeclaration(node) || node.name.getText() !== 'ERROR_CODES') return;
    visit(node, (member) => {
      if (ts.isPropertyAssignment(member)) meanings.set(member.name.getText(), textsOf(member.initializer)[0]);
    });
  });
  return meanings;
}

/** Where a probe's findings come from. */
async function probeSources() {
  const folder = await readdir(join(root, 'src', 'tls'));
  return [...folder.sort().map((file) => `src/tls/${file}`), ...MORE_SOURCES];
}

/** What to do, by code: each text once, in the order of the source. */
async function readFixes(codes, files) {
  const sources = await Promise.all(files.map(parse));
  for (const [name, value] of constantsOf(sources.find(({ fileName }) => fileName === LENDER))) {
    lentConstants.set(name, value);
  }
  const fixes = collect(sources, fixesIn, codes);
  // Terse lists of codes say it once more, with less than the rows; they count where nothing else does.
  for (const [code, texts] of collect(sources, fixesInLists, codes)) if (!fixes.has(code)) fixes.set(code, texts);
  return fixes;
}

function collect(sources, find, codes) {
  const fixes = new Map();
  const look = (node) => {
    for (const { code, fix } of find(node)) {
      const texts = codes.has(code) ? textsOf(fix) : [];
      if (texts.length > 0) fixes.set(code, new Set([...(fixes.get(code) ?? []), ...texts]));
    }
  };
  for (const source of sources) visit(source, look);
  return fixes;
}

/** The three ways to give a code its mend: an error, a row as an object, a row by a function of its table. */
function fixesIn(node) {
  if (ts.isObjectLiteralExpression(node)) {
    const member = (name) => node.properties.find((one) => one.name?.getText() === name)?.initializer;
    return [{ code: literal(member('code')), fix: member('fix') ?? member('hint') }];
  }
  if (!ts.isCallExpression(node)) return [];
  const [first, ...others] = node.arguments;
  const name = node.expression.getText();
  if (name === 'codedError' || name === 'warning') {
    // A code may be chosen between two.
    return textsOf(first).map((code) => ({ code, fix: others[2] }));
  }
  return /Row$/.test(name) ? [{ code: literal(first), fix: others.at(-1) }] : [];
}

/** `[…, code, …, fix]`; and `{message, fix}` of a function in a file whose errors take both from it. */
function fixesInLists(node) {
  if (ts.isArrayLiteralExpression(node)) {
    return node.elements.slice(0, -1).map((one) => ({ code: literal(one), fix: node.elements.at(-1) }));
  }
  if (!ts.isCallExpression(node) || node.expression.getText() !== 'codedError') return [];
  const [code, , , hint] = node.arguments;
  if (!hint || textsOf(hint).length > 0) return [];
  const orphans = [];
  visit(node.getSourceFile(), (one) => {
    const names = ts.isObjectLiteralExpression(one) ? one.properties.map(({ name }) => name?.getText()) : [];
    if (names.includes('fix') && !names.includes('code')) {
      orphans.push(one.properties.find(({ name }) => name?.getText() === 'fix').initializer);
    }
  });
  return textsOf(code).flatMap((text) => orphans.map((fix) => ({ code: text, fix })));
}

function literal(node) {
  return node && ts.isStringLiteral(node) ? node.text : undefined;
}

/** Every text an expression may have; what it fills in stands as "…". */
function textsOf(node) {
  if (!node) return [];
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text];
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.map(({ expression, literal: { text } }) => filledIn(expression) + text);
    return [node.head.text + spans.join('')];
  }
  if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return textsOf(node.expression);
  if (ts.isArrowFunction(node)) return ts.isBlock(node.body) ? returned(node.body) : textsOf(node.body);
  if (ts.isCallExpression(node)) return returned(functionOf(node)?.body);
  return ts.isIdentifier(node) ? textsOf(initializerOf(node)) : [];
}

/** What is filled into a text: a constant part of it, else "…". */
function filledIn(expression) {
  const texts = textsOf(expression);
  return texts.length === 1 ? texts[0] : '…';
}

function returned(block) {
  const texts = [];
  if (!block) return texts;
  visit(block, (node) => {
    if (ts.isReturnStatement(node)) texts.push(...textsOf(node.expression));
  });
  return texts;
}

/** The function that a call names, when it stands in the same file. */
function functionOf({ expression }) {
  let found;
  visit(expression.getSourceFile(), (node) => {
    if (ts.isFunctionDeclaration(node) && node.name?.text === expression.getText()) found = node;
  });
  return found;
}

/** The value of a constant of the same file, or one that another file lends. */
function initializerOf(identifier) {
  return constantsOf(identifier.getSourceFile()).get(identifier.text) ?? lentConstants.get(identifier.text);
}

const constantsRead = new WeakMap();

function constantsOf(source) {
  const constants = constantsRead.get(source) ?? new Map();
  if (constantsRead.has(source)) return constants;
  constantsRead.set(source, constants);
  visit(source, (node) => {
    if (!ts.isVariableDeclaration(node) || !node.initializer || ts.isIdentifier(node.initializer)) return;
    if (!constants.has(node.name.getText())) constants.set(node.name.getText(), node.initializer);
  });
  return constants;
}

function visit(node, look) {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}
