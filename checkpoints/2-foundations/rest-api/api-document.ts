import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { check, fail } from '../../harness/failure.ts';
import { expectStatus, jsonOf, type Method, type Reply } from '../../harness/http-exchange.ts';
import type { Program } from '../../harness/program.ts';
import { exchange } from './exchange.ts';

type Json = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Json;
}

export interface Operation {
  readonly method: Method;
  /** As in the document, for example `/quests/{id}`. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Schema of the body by media type; empty when it takes none. */
  readonly bodies: Readonly<Record<string, Json>>;
  readonly statuses: readonly number[];
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

/** The OpenAPI document of the program under test, with what the checkpoints need of it. */
export class ApiDocument {
  readonly operations: readonly Operation[];
  readonly #document: Json;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();

  private constructor(document: Json) {
    this.#document = document;
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(document, 'document');
    this.operations = this.#readOperations();
  }

  /** Reads it, and fails unless it is a valid OpenAPI 3.1 document. */
  static async of(program: Program): Promise<ApiDocument> {
    const reply = await exchange(program, 'GET', '/openapi.json');
    expectStatus(reply, 200, { usually: 'the document is not served' });
    const document = jsonOf(reply);
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    check(valid && /^3\.1\.\d+$/.test(String(document.openapi)), {
      sent: reply.sent,
      expected: 'a valid OpenAPI 3.1 document',
      received: valid ? 'another version' : 'one that is not valid',
      usually: 'the document is written by hand and read by nobody: hold it against the schema of the specification',
      details: [JSON.stringify(errors)?.slice(0, 500) ?? ''],
    });
    return new ApiDocument(document);
  }

  /** What `$ref` stands for, at the top of a value. */
  resolve(value: unknown): Json {
    let found = value as Json;
    for (let hops = 0; typeof found?.$ref === 'string' && hops < 10; hops += 1) {
      const steps = found.$ref.replace(/^#\//, '').split('/');
      found = steps.reduce<unknown>(
        (at, step) => (at as Json | undefined)?.[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')],
        this.#document,
      ) as Json;
    }
    return found ?? {};
  }

  /** Fails unless the document says that this operation answers so: status, headers, media type and schema. */
  expectDocumented({ method, path }: Pick<Operation, 'method' | 'path'>, reply: Reply): void {
    const operation = this.#operationAt(path, method);
    const responses = (operation?.responses ?? {}) as Json;
    const text = { sent: reply.sent, details: reply.details };
    const response = responses[String(reply.status)];
    if (response === undefined) {
      fail({
        ...text,
        expected: `one of the statuses that the document has for ${method} ${path}`,
        received: `status ${reply.status}`,
        usually: 'the document tells of less than the server does: clients that are made from it break here',
      });
    }
    const { headers = {}, content } = this.resolve(response) as { headers?: Json; content?: Json };
    const missing = Object.keys(headers).find((name) => reply.headers[name.toLowerCase()] === undefined);
    check(missing === undefined, {
      ...text,
      expected: `the header ${missing} that the document has for ${method} ${path} with status ${reply.status}`,
      received: 'none',
      usually: 'the document promises more than the server keeps',
    });
    if (method === 'HEAD') return;
    const type = (reply.headers['content-type'] ?? '').replace(/\s*;.*/, '');
    if (content === undefined) {
      check(reply.text === '', {
        ...text,
        expected: 'no body, as in the document',
        received: 'a body',
        usually: 'the document forgets what the server sends',
      });
      return;
    }
    check(Object.hasOwn(content, type), {
      ...text,
      expected: `${Object.keys(content).join(' or ')} for ${method} ${path} with status ${reply.status}`,
      received: type === '' ? 'no Content-Type' : type,
      usually: 'document and server do not agree about the media type',
    });
    const validate = this.#validatorOf((content[type] as { schema?: unknown }).schema);
    if (validate(jsonOf(reply))) return;
    const [error] = validate.errors ?? [];
    fail({
      ...text,
      expected: `a body that fits the schema of ${method} ${path} with status ${reply.status}`,
      received: `"${error?.instancePath}" ${error?.message}`,
      usually: 'the schema was changed and the server was not, or the other way round',
    });
  }

  #operationAt(path: string, method: Method): Json | undefined {
    const item = this.resolve((this.#document.paths as Json)[path]);
    return item[method === 'HEAD' ? 'get' : method.toLowerCase()] as Json | undefined;
  }

  #validatorOf(schema: unknown): ValidateFunction {
    const key = JSON.stringify(schema);
    let validator = this.#validators.get(key);
    if (validator === undefined) {
      // References are relative to the document: name it.
      validator = this.#ajv.compile(JSON.parse(key.replaceAll('"$ref":"#/', '"$ref":"document#/')));
      this.#validators.set(key, validator);
    }
    return validator;
  }

  #readOperations(): Operation[] {
    return Object.entries(this.#document.paths as Json).flatMap(([path, value]) => {
      const item = this.resolve(value);
      return METHODS.filter((method) => item[method] !== undefined).map((method): Operation => {
        const operation = item[method] as Json;
        const parameters = [...((item.parameters ?? []) as unknown[]), ...((operation.parameters ?? []) as unknown[])];
        const { content = {} } = this.resolve(operation.requestBody) as { content?: Json };
        return {
          method: method.toUpperCase() as Method,
          path,
          parameters: parameters.map((parameter) => this.resolve(parameter) as unknown as Parameter),
          bodies: Object.fromEntries(
            Object.entries(content).map(([type, media]) => [
              type,
              this.resolve((media as { schema?: unknown }).schema),
            ]),
          ),
          statuses: Object.keys((operation.responses ?? {}) as Json)
            .map(Number)
            .sort((a, b) => a - b),
        };
      });
    });
  }
}
