/**
 * JSON Schemas with their static types, as `Type` of typebox makes them, of whose type builders these are the few that the
 * API needs. The types are typebox's own; its code is not loaded: hundreds of modules, which each start of the daemon would wait
 * for, and which would stay in its memory. test/unit/api/schemas/type.test.ts holds every one to what typebox makes.
 */
import type * as Box from 'typebox';

/** The name under which typebox's types keep that a field may be missing; not part of the JSON. */
const OPTIONAL = '~optional';

// biome-ignore lint/suspicious/noExplicitAny: what is made is held to typebox's by a test, since these types say more than it has.
const made = (schema: object): any => schema;

const simple =
  <Schema extends Box.TSchema, Options extends object>(type: string) =>
  (options?: Options): Schema =>
    made({ type, ...options });

export const Type = {
  Boolean: simple<Box.TBoolean, Box.TSchemaOptions>('boolean'),
  Integer: simple<Box.TInteger, Box.TNumberOptions>('integer'),
  Number: simple<Box.TNumber, Box.TNumberOptions>('number'),
  String: simple<Box.TString, Box.TStringOptions>('string'),
  Unknown: (options?: Box.TSchemaOptions): Box.TUnknown => made({ ...options }),
  Literal: <const Value extends string>(value: Value, options?: Box.TSchemaOptions): Box.TLiteral<Value> =>
    made({ type: 'string', const: value, ...options }),

  /** A schema that is written out, and what it stands for. */
  Unsafe: <T>(schema: Box.TSchema): Box.TUnsafe<T> => made(schema),

  Array: <Item extends Box.TSchema>(items: Item, options?: Box.TArrayOptions): Box.TArray<Item> =>
    made({ type: 'array', items, ...options }),

  /** Its reader changes nothing of it; only the type says so. */
  Immutable: <Schema extends Box.TSchema>(schema: Schema): Box.TImmutable<Schema> => made(schema),

  /** An object whose names are any. */
  Record: <Value extends Box.TSchema>(
    value: Value,
    options?: Box.TObjectOptions,
  ): Box.TRecord<typeof ANY_NAME, Value> =>
    made({ type: 'object', patternProperties: { [ANY_NAME]: value }, ...options }),

  Optional: <Schema extends Box.TSchema>(schema: Schema): Box.TOptional<Schema> =>
    made(Object.defineProperty({ ...schema }, OPTIONAL, { value: true })),

  Object: <Properties extends Box.TProperties>(
    properties: Properties,
    options?: Box.TObjectOptions,
  ): Box.TObject<Properties> => {
    const required = Object.keys(properties).filter((name) => !(OPTIONAL in (properties[name] as object)));
    return made({ type: 'object', ...(required.length > 0 && { required }), properties, ...options });
  },
};

const ANY_NAME = '^.*$';

export type Static<Schema extends Box.TSchema> = Box.Static<Schema>;
