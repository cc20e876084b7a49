import { posix } from 'node:path';
import ts from 'typescript';
import { readSource } from './checkout';

/** A field of an interface of the source. */
export interface Field {
  name: string;
  optional: boolean;
  /** As the source writes it, on one line. */
  type: string;
  /** What its comment says; empty without one. */
  meaning: string;
}

/** A closed list longer than this has a page of its own: the codes. */
const MOST_CHOICES = 20;

/**
 * The fields of an interface, in the order of the source.
 *
 * @param file path with `/`
 * @throws Error when the file has no such interface: the table of pages names something that is gone
 */
export function fieldsOf(file: string, name: string): Field[] {
  const source = parse(file);
  const found = source.statements.find((one) => ts.isInterfaceDeclaration(one) && one.name.text === name);
  if (!found || !ts.isInterfaceDeclaration(found)) throw new Error(`${file} has no interface ${name}`);
  return found.members.filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(),
    optional: member.questionToken !== undefined,
    type: choices(member.type) ?? typeText(member),
    meaning: commentOf(member),
  }));
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readSource(file), ts.ScriptTarget.Latest, true);
}

/** The values of a type that is a name for some texts; undefined for every other type. */
function choices(type: ts.TypeNode | undefined): string | undefined {
  if (type && ts.isUnionTypeNode(type)) return valuesOf(type);
  if (!type || !ts.isTypeReferenceNode(type)) return undefined;
  const home = homeOf(type.getSourceFile(), type.getText());
  const alias = home?.statements.find((one) => ts.isTypeAliasDeclaration(one) && one.name.text === type.getText());
  return alias && ts.isTypeAliasDeclaration(alias) ? valuesOf(alias.type) : undefined;
}

function valuesOf(type: ts.TypeNode): string | undefined {
  if (ts.isUnionTypeNode(type)) {
    const values = type.types.map((one) => (ts.isLiteralTypeNode(one) ? one.getText() : choices(one)));
    return values.includes(undefined) ? undefined : values.join(' | ');
  }
  // `(typeof LIST)[number]`, `keyof typeof TABLE`
  const list = /^\(typeof (\w+)\)\[number\]$/.exec(type.getText())?.[1];
  const table = /^keyof typeof (\w+)$/.exec(type.getText())?.[1];
  const value = constant(type.getSourceFile(), list ?? table);
  if (value && ts.isArrayLiteralExpression(value)) {
    return value.elements.every(ts.isStringLiteral)
      ? value.elements.map((one) => one.getText()).join(' | ')
      : undefined;
  }
  if (!value || !ts.isObjectLiteralExpression(value) || value.properties.length > MOST_CHOICES) return undefined;
  return value.properties.map((one) => `'${one.name?.getText().replace(/'/g, '')}'`).join(' | ');
}

/** The value of a constant, without what is said of its type. */
function constant(source: ts.SourceFile, name: string | undefined): ts.Expression | undefined {
  const lists = source.statements
    .filter(ts.isVariableStatement)
    .flatMap((one) => [...one.declarationList.declarations]);
  let value = lists.find((one) => one.name.getText() === name)?.initializer;
  while (value && (ts.isAsExpression(value) || ts.isSatisfiesExpression(value))) value = value.expression;
  return value;
}

/** The file that declares a type: this one, or the one it is imported from. */
function homeOf(source: ts.SourceFile, name: string): ts.SourceFile | undefined {
  for (const one of source.statements) {
    if (ts.isTypeAliasDeclaration(one) && one.name.text === name) return source;
    if (!ts.isImportDeclaration(one) || !ts.isStringLiteral(one.moduleSpecifier)) continue;
    const bindings = one.importClause?.namedBindings;
    const named = bindings && ts.isNamedImports(bindings) && bindings.elements.some((each) => each.name.text === name);
    if (!named || !one.moduleSpecifier.text.startsWith('.')) continue;
    return parse(`${posix.join(posix.dirname(source.fileName), one.moduleSpecifier.text)}.ts`);
  }
  return undefined;
}

function typeText({ type }: ts.PropertySignature): string {
  const text = (type?.getText() ?? 'unknown').replace(/\/\*\*.*?\*\//gs, '');
  return text.replace(/\s+/g, ' ').replace(/; }/g, ' }').trim();
}

function commentOf(member: ts.PropertySignature): string {
  const comments = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
  return comments
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
}
