// Writes web/api/schema.d.ts from web/api/openapi.json, with the hash that a test compares.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const web = new URL('../../../web/api/', import.meta.url);
const description = readFileSync(new URL('openapi.json', web));
const types = astToString(await openapiTS(description.toString(), { defaultNonNullable: false }));
const hash = createHash('sha256').update(description).digest('hex');
const head = `// Types of the REST interface, generated from openapi.json. Do not edit; see docs/adding-an-endpoint.md.\n// openapi.json sha256 ${hash}\n\n`;
writeFileSync(new URL('schema.d.ts', web), head + types);
