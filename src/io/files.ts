import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { UsageError } from '../driver/usage-error.ts';

/** Takes whole lines (without their line feed). */
export type LineWriter = {
  write(line: string): void;
  /** False once the reader has gone; what is written from then on is dropped. */
  open(): boolean;
  close(): void;
};

/**
 * Appends to a file that only its owner may read (0600 where it is made here): it may hold secrets or bytes of a connection.
 * Throws UsageError "bad-file" when it cannot be opened; later failures end the writing quietly, as a full disk would.
 */
export function appendLines(path: string): LineWriter {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'a', OWNER_ONLY);
  } catch (error) {
    throw fileError(path, 'written to', error);
  }
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  return {
    write(line) {
      if (descriptor === undefined) return;
      try {
        writeSync(descriptor, `${line}\n`);
      } catch {
        close();
      }
    },
    open: () => descriptor !== undefined,
    close,
  };
}

/** One write per line to a stream (standard output): a reader sees whole lines at once. A closed pipe is no error. */
export function streamLines(stream: NodeJS.WritableStream): LineWriter {
  let open = true;
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    open = false;
  };
  stream.on('error', onError);
  return {
    write(line) {
      if (open) stream.write(`${line}\n`);
    },
    open: () => open,
    close() {
      open = false;
    },
  };
}

/** The bytes an option stands for: `@path` is that file's content, anything else is itself as UTF-8. Throws UsageError. */
export function textOrFile(value: string, most = 16 * 1024 * 1024): Uint8Array {
  if (!value.startsWith('@')) return new TextEncoder().encode(value);
  const path = value.slice(1);
  if (path === '') throw new UsageError('bad-file', '"@" names no file', 'write @FILE, or the text itself');
  const bytes = readBytes(path);
  if (bytes.length > most) {
    throw new UsageError('bad-file', `${path} has ${bytes.length} bytes; at most ${most} can be sent`);
  }
  return bytes;
}

/** A whole file. Throws UsageError "bad-file". */
export function readBytes(path: string): Uint8Array {
  try {
    const buffer = readFileSync(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}

/** A whole file as UTF-8 text. Throws UsageError "bad-file". */
export function readText(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readBytes(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError('bad-file', `${path} is not UTF-8 text`);
  }
}

function fileError(path: string, what: string, error: unknown): UsageError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new UsageError('bad-file', `${path} cannot be ${what}: ${REASONS[code] ?? (code || String(error))}`);
}

const OWNER_ONLY = 0o600;
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'the disk is full',
};
