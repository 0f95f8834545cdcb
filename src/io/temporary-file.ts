import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new file of ours in the system's temporary folder, for nobody else to read; `remove` takes it away again. */
export async function createTemporaryFile(
  text: string,
  ending: string,
): Promise<{ path: string; remove(): Promise<void> }> {
  const path = join(tmpdir(), `sslshut-${randomUUID()}${ending}`);
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  return { path, remove: () => rm(path, { force: true }) };
}
