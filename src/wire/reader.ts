/** The bytes are not the structure they should be: a decode_error (RFC 9846 §6.2). */
export class Malformed extends Error {
  readonly offset: number;
  constructor(offset: number, detail: string) {
    super(detail);
    this.name = 'Malformed';
    this.offset = offset;
  }
}

/** The bytes ended before the structure did. */
export class Truncated extends Malformed {
  constructor(offset: number, wanted: number) {
    super(offset, `truncated: ${wanted} more byte(s) wanted at offset ${offset}`);
    this.name = 'Truncated';
  }
}

/** A bounds-checked cursor over bytes. Every read throws `Truncated` instead of reading past the end. */
export class Reader {
  readonly bytes: Uint8Array;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  remaining(): number {
    return this.bytes.length - this.offset;
  }

  done(): boolean {
    return this.remaining() === 0;
  }

  u8(): number {
    return this.uint(1);
  }

  u16(): number {
    return this.uint(2);
  }

  u24(): number {
    return this.uint(3);
  }

  u32(): number {
    return this.uint(4);
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    if (length > this.remaining()) throw new Truncated(this.offset, length - this.remaining());
    const view = this.bytes.subarray(this.offset, this.offset + length);
    this.offset += length;
    return view;
  }

  rest(): Uint8Array {
    return this.take(this.remaining());
  }

  /** A vector with a length prefix of `prefix` bytes, as a view. */
  vector(prefix: 1 | 2 | 3): Uint8Array {
    return this.take(this.uint(prefix));
  }

  /** The same, as a reader over just that vector. */
  nested(prefix: 1 | 2 | 3): Reader {
    return new Reader(this.vector(prefix));
  }

  /** The structure is over here. Throws `Malformed` when bytes are left. */
  end(): void {
    if (!this.done()) throw new Malformed(this.offset, `${this.remaining()} byte(s) too many`);
  }

  private uint(length: number): number {
    if (length > this.remaining()) throw new Truncated(this.offset, length - this.remaining());
    let value = 0;
    for (let i = 0; i < length; i++) value = value * 256 + (this.bytes[this.offset + i] ?? 0);
    this.offset += length;
    return value;
  }
}
