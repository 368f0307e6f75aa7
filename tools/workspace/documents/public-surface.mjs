// Reads the exports of a package from its sources: names, members of classes and interfaces, defaults of
// options, and error codes. Reads only syntax, so that no build is needed.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'oxc-parser';

/**
 * A public name.
 *
 * @typedef {object} PublicName
 * @property {string} name
 * @property {'value' | 'type'} kind
 * @property {boolean} isClass
 * @property {Member[]} members of a class or an interface, including those of its bases in the same package
 * @property {string[]} literals the string literals of a union
 *
 * @typedef {object} Member
 * @property {string} name
 * @property {'method' | 'property'} kind
 * @property {string} [defaultValue] the text of its `@defaultValue`
 */

/** @type {Map<string, Module>} */
const modules = new Map();

/**
 * Returns the public names of a package's entry.
 *
 * @param {string} entry path of its module
 * @returns {PublicName[]}
 */
export function publicNamesOf(entry) {
  const { program, path } = moduleAt(entry);
  return program.body
    .filter(({ type }) => type === 'ExportNamedDeclaration')
    .flatMap((statement) =>
      statement.declaration
        ? declaredNames(statement.declaration).map((name) => [name, 'value', path, name])
        : statement.specifiers.map(({ exported, local, exportKind }) => [
            exported.name,
            statement.exportKind === 'type' || exportKind === 'type' ? 'type' : 'value',
            statement.source === null ? path : resolveFrom(path, statement.source.value),
            local.name,
          ]),
    )
    .map(([name, kind, from, local]) => {
      const found = from && findDeclaration(from, local);
      const declaration = found?.declaration;
      return {
        name,
        kind: kind === 'value' && declaration && !isValue(declaration) ? 'type' : kind,
        isClass: declaration?.type === 'ClassDeclaration',
        members: found ? membersOf(found) : [],
        literals: declaration ? literalsOf(declaration, found.module) : [],
      };
    });
}

/**
 * @typedef {object} Module
 * @property {string} path
 * @property {string} text
 * @property {{ body: any[] }} program the parser's tree, whose nodes have too many types to name
 * @property {import('oxc-parser').Comment[]} comments
 */

/** @returns {Module} */
function moduleAt(path) {
  let module = modules.get(path);
  if (module === undefined) {
    const text = readFileSync(path, 'utf8');
    const { program, comments, errors } = parseSync(path, text);
    if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
    module = { path, text, program, comments };
    modules.set(path, module);
  }
  return module;
}

/** The path of an imported module of the same package; undefined for modules of other packages. */
function resolveFrom(path, specifier) {
  if (!specifier.startsWith('.')) return undefined;
  const target = join(dirname(path), specifier.replace(/\.js$/, '.ts'));
  return existsSync(target) ? target : undefined;
}

const DECLARATIONS = new Set([
  'ClassDeclaration',
  'FunctionDeclaration',
  'TSDeclareFunction',
  'TSEnumDeclaration',
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
  'VariableDeclaration',
]);

function isValue({ type }) {
  return type !== 'TSInterfaceDeclaration' && type !== 'TSTypeAliasDeclaration';
}

function declaredNames(declaration) {
  if (declaration.type !== 'VariableDeclaration') return [declaration.id.name];
  return declaration.declarations.map(({ id }) => id.name);
}

/** Finds the declaration of a name, following imports and re-exports; prefers a class to an interface. */
function findDeclaration(path, name) {
  const module = moduleAt(path);
  const statements = module.program.body.map((statement) => ({
    statement,
    declaration: statement.declaration ?? statement,
  }));
  const declared = statements.filter(
    ({ declaration }) =>
      DECLARATIONS.has(declaration.type) && declaredNames(declaration).includes(name),
  );
  const [found] = [...declared].sort(
    (a, b) => Number(isValue(b.declaration)) - Number(isValue(a.declaration)),
  );
  if (found !== undefined) return { module, name, ...found };
  for (const { statement } of statements) {
    if (!statement.source) continue;
    const specifier = statement.specifiers?.find(
      (each) => (each.exported ?? each.local).name === name,
    );
    const from = specifier && resolveFrom(path, statement.source.value);
    if (from) return findDeclaration(from, (specifier.imported ?? specifier.local).name);
  }
  return undefined;
}

/** The public members, including those of bases, but none that another package declares. */
function membersOf({ module, declaration }) {
  const { type } = declaration;
  if (type === 'TSTypeAliasDeclaration') {
    const { typeAnnotation } = declaration;
    return typeAnnotation.type === 'TSTypeLiteral'
      ? typeAnnotation.members.flatMap((member) => memberOf(module, member))
      : [];
  }
  if (type !== 'ClassDeclaration' && type !== 'TSInterfaceDeclaration') return [];
  const own = declaration.body.body.flatMap((member) => memberOf(module, member));
  const bases =
    type === 'ClassDeclaration'
      ? [declaration.superClass?.name]
      : (declaration.extends ?? []).map(baseName);
  const inherited = bases.filter(Boolean).flatMap((base) => {
    const found = findDeclaration(module.path, base);
    return found === undefined ? [] : membersOf(found);
  });
  const names = new Set();
  return [...own, ...inherited].filter(({ name }) => !names.has(name) && names.add(name));
}

/** The name A of `extends A`, `extends Omit<A, …>` or `extends Partial<A>`. */
function baseName({ expression, typeArguments }) {
  if (!['Omit', 'Partial', 'Pick', 'Readonly', 'Required'].includes(expression.name)) {
    return expression.name;
  }
  return typeArguments.params[0].typeName?.name;
}

const METHODS = new Set(['MethodDefinition', 'TSAbstractMethodDefinition', 'TSMethodSignature']);
const PROPERTIES = new Set([
  'PropertyDefinition',
  'AccessorProperty',
  'TSPropertySignature',
  'TSAbstractPropertyDefinition',
]);

function memberOf(module, member) {
  const isMethod = METHODS.has(member.type) && member.kind !== 'get' && member.kind !== 'set';
  if (!METHODS.has(member.type) && !PROPERTIES.has(member.type)) return [];
  const name = member.computed ? undefined : member.key?.name;
  if (name === undefined || name === 'constructor' || name.startsWith('_')) return [];
  if (member.key.type === 'PrivateIdentifier' || member.accessibility === 'protected') return [];
  if (member.accessibility === 'private') return [];
  const comment = docComment(module, member);
  if (/@internal\b/.test(comment)) return [];
  return [{ name, kind: isMethod ? 'method' : 'property', defaultValue: defaultIn(comment) }];
}

/** The doc comment directly before a node, without its delimiters. */
function docComment({ comments, text }, { start }) {
  const before = comments.findLast(({ end }) => end <= start);
  if (before?.type !== 'Block' || text.slice(before.end, start).trim() !== '') return '';
  return before.value.replace(/^\s*\*+ ?/gm, '');
}

function defaultIn(comment) {
  const text = /@defaultValue ([\s\S]*?)(?=\n\s*@|\n\s*\n|$)/.exec(comment)?.[1];
  return text?.replace(/\s+/g, ' ').trim();
}

/** The string literals of a union, including `(typeof CODES)[number]`. */
function literalsOf({ typeAnnotation }, module) {
  if (typeAnnotation?.type === 'TSUnionType') {
    return typeAnnotation.types
      .map((each) => each.literal?.value)
      .filter((v) => typeof v === 'string');
  }
  if (typeAnnotation?.type !== 'TSIndexedAccessType') return [];
  const list = typeAnnotation.objectType.exprName?.name;
  const found = list && findDeclaration(module.path, list);
  let value = found?.declaration.declarations?.find(({ id }) => id.name === list)?.init;
  while (value?.type === 'TSAsExpression' || value?.type === 'TSSatisfiesExpression') {
    value = value.expression;
  }
  return (value?.elements ?? []).map((each) => each?.value).filter((v) => typeof v === 'string');
}
