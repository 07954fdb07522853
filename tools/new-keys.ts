/**
 * `node tools/new-keys.ts <file>`: writes a JWK Set with a new ES256 key, as KEYS_FILE of the lab jwt-auth wants it. A
 * file that is there already stays as it is: tokens that its keys have signed are still about.
 */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { exportJWK, generateKeyPair } from 'jose';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('a file is missing: node tools/new-keys.ts <file>');
  process.exit(2);
}
const { privateKey } = await generateKeyPair('ES256', { extractable: true });
const key = { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: 'ES256', use: 'sig' };
try {
  await writeFile(file, `${JSON.stringify({ keys: [key] }, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
  console.log(`a new key is in ${file}`);
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  console.log(`the keys in ${file} stay`);
}
