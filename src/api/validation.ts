import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/schema';
import { wordsOf } from './schemas/patterns.js';

/**
 * The validator of a schema, compiled with the first value: the daemon's start does not wait for it. Values are validated as
 * they are: nothing is dropped or converted.
 */
export const validatorOf: FastifySchemaCompiler<TSchema> = ({ schema }) => {
  let compiled: Validator | undefined;
  return (value: unknown) => {
    compiled ??= Compile(schema) as Validator;
    return compiled.Check(value) || { error: compiled.Errors(value)[1] as never };
  };
};

/** `body/containerId may have letters, digits and …`, `body has an unknown field "foo"` and the like. */
export function nameTheField(errors: FastifySchemaValidationError[], part: string): Error {
  // An unknown field is reported twice, first as one whose schema is `false`.
  const first = errors.find(({ keyword }) => keyword !== 'boolean');
  if (first === undefined) return new Error(`the ${part} does not fit its schema`);
  const { keyword, instancePath, params, message } = first;
  const where = `${part}${instancePath}`;
  const { additionalProperties, requiredProperties } = params as Record<string, readonly string[] | undefined>;
  if (keyword === 'pattern') return new Error(`${where} ${wordsOf((params as { pattern?: unknown }).pattern)}`);
  if (keyword === 'additionalProperties')
    return new Error(`${where} has an unknown field ${JSON.stringify(additionalProperties?.[0])}`);
  if (keyword === 'required') return new Error(`${where} lacks the field ${JSON.stringify(requiredProperties?.[0])}`);
  return new Error(`${where} ${message}`);
}
