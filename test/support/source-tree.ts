import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { CHECKOUT } from './runtimes';

/** One `import`, `export … from`, `import x = require()`, `import()` or `require()` of a source file. */
export interface SourceImport {
  specifier: string;
  /** Erased by the compiler: it can be no dependency at run time. */
  typeOnly: boolean;
  /** By a call (`require`, `import()`), which may come long after the file was loaded. */
  called: boolean;
  line: number;
}

/** What git knows or would know, as paths relative to the checkout with `/`; deleted files are left out. */
export function trackedFiles(): string[] {
  const listed = (...options: string[]) =>
    execFileSync('git', ['ls-files', '-z', ...options], { cwd: CHECKOUT, encoding: 'utf8' })
      .split('\0')
      .filter(Boolean);
  const deleted = new Set(listed('--deleted'));
  const files = new Set([...listed(), ...listed('--others', '--exclude-standard')]);
  return [...files].filter((file) => !deleted.has(file)).sort();
}

/** The TypeScript files of the product: `src/`, `nodes/` and `plugins/`. */
export function productFiles(): string[] {
  return trackedFiles().filter((file) => /^(src|nodes|plugins)\/.*\.ts$/.test(file));
}

export function readTracked(file: string): string {
  return readFileSync(join(CHECKOUT, file), 'utf8');
}

/** All imports of a file, found by the compiler's own parser. */
export function importsOf(file: string, text = readTracked(file)): SourceImport[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: SourceImport[] = [];
  const add = (literal: ts.Node | undefined, typeOnly: boolean, called = false) => {
    if (!literal || !ts.isStringLiteralLike(literal)) return;
    const line = source.getLineAndCharacterOfPosition(literal.getStart()).line + 1;
    found.push({ specifier: literal.text, typeOnly, called, line });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings;
      const named = bindings && ts.isNamedImports(bindings) ? bindings.elements : undefined;
      // `import { type A, type B }` is erased as well as `import type { A, B }`.
      const allTypes = !node.importClause?.name && !!named?.length && named.every((element) => element.isTypeOnly);
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword || allTypes);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.moduleReference.expression, node.isTypeOnly);
    } else if (ts.isCallExpression(node)) {
      const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require';
      if (isRequire || node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false, true);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** A relative specifier as a path below the checkout without ending; undefined for a package or a Node module. */
export function resolveRelative(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(file), specifier).replace(/\.(ts|js)$/, '');
}
