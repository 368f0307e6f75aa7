// Compiles the JSON Schemas of the commands to validators.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { schemaFile } from '../src/reference/command-lines.js';

const SCHEMAS = fileURLToPath(new URL('../schemas/', import.meta.url));

export const SCHEMA_FILES: readonly string[] = readdirSync(SCHEMAS);

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
ajv.addFormat('date-time', (text) => !Number.isNaN(Date.parse(text)));
for (const file of SCHEMA_FILES) {
  ajv.addSchema(JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')));
}

/** Returns the validator of a schema. @param name the name of a command, or `error` */
export function validatorOf(name: string): ValidateFunction {
  const validate = ajv.getSchema(schemaFile({ name }));
  if (validate === undefined) throw new Error(`no schema of ${name}`);
  return validate;
}

/** Expects a document to match the command's schema. */
export function expectValid(name: string, document: unknown): void {
  const validate = validatorOf(name);
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
}
