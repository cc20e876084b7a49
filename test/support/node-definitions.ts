import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** What the Flow Library reads of a node from its .html. */
export interface NodeDefinition {
  type: string;
  /** Names of the members that are written as literals in the call; what is computed is not seen. */
  inline: Record<string, unknown>;
  /** Names of the properties; undefined when they are not written out in the call. */
  defaults: string[] | undefined;
}

/**
 * The definitions of an editor file, as node-red-dev 0.1.6 (checknodes.js) finds them: in every
 * `<script type="text/javascript">`, `….registerType("literal", { … })` with an object written out. What it does not find
 * it does not judge, so a file without any is a failure here.
 */
export function nodeDefinitions(file: string): NodeDefinition[] {
  const html = readFileSync(file, 'utf8');
  const known = read.get(html) ?? definitionsIn(html);
  read.set(html, known);
  return known;
}

/** By the text of the page: copies of a package differ in one page at most. */
const read = new Map<string, NodeDefinition[]>();

function definitionsIn(html: string): NodeDefinition[] {
  const scripts = [...html.matchAll(/<script.+?type=['"]text\/javascript['"].*?>([\S\s]*?)<\/script>/gi)];
  return scripts.flatMap(([, script = '']) => {
    const source = ts.createSourceFile('editor.js', script, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
    const found: NodeDefinition[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) found.push(...definitionIn(node));
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

function definitionIn({ expression, arguments: [type, definition] }: ts.CallExpression): NodeDefinition[] {
  if (!ts.isPropertyAccessExpression(expression) || expression.name.text !== 'registerType') return [];
  if (!type || !ts.isStringLiteral(type) || !definition || !ts.isObjectLiteralExpression(definition)) return [];
  const inline: Record<string, unknown> = {};
  let defaults: string[] | undefined;
  for (const member of definition.properties) {
    if (!ts.isPropertyAssignment(member)) continue;
    const { initializer } = member;
    if (ts.isStringLiteralLike(initializer)) inline[member.name.getText()] = initializer.text;
    else if (ts.isNumericLiteral(initializer)) inline[member.name.getText()] = Number(initializer.text);
    if (member.name.getText() === 'defaults' && ts.isObjectLiteralExpression(initializer)) {
      const written = initializer.properties.every(ts.isPropertyAssignment);
      if (written) defaults = initializer.properties.map((one) => one.name?.getText() ?? '');
    }
  }
  return [{ type: type.text, inline, defaults }];
}
