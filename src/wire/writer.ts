/** Appends big-endian fields; length prefixes are written by `prefixed`, never computed by hand. */
export class Writer {
  private buffer = new Uint8Array(256);
  private length = 0;

  u8(value: number): this {
    return this.uint(value, 1);
  }

  u16(value: number): this {
    return this.uint(value, 2);
  }

  u24(value: number): this {
    return this.uint(value, 3);
  }

  u32(value: number): this {
    return this.uint(value, 4);
  }

  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  /** What `body` writes, behind its length in `size` bytes. Throws RangeError when it does not fit. */
  prefixed(size: 1 | 2 | 3, body: (writer: this) => void): this {
    const at = this.length;
    this.uint(0, size);
    body(this);
    const written = this.length - at - size;
    if (written >= 256 ** size) throw new RangeError(`${written} bytes do not fit a ${size}-byte length`);
    for (let i = 0; i < size; i++) this.buffer[at + i] = (written / 256 ** (size - 1 - i)) & 0xff;
    return this;
  }

  vector(size: 1 | 2 | 3, bytes: Uint8Array): this {
    return this.prefixed(size, (writer) => writer.raw(bytes));
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  private uint(value: number, size: number): this {
    this.reserve(size);
    for (let i = size - 1; i >= 0; i--) this.buffer[this.length++] = Math.floor(value / 256 ** i) & 0xff;
    return this;
  }

  private reserve(extra: number): void {
    if (this.length + extra <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + extra));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}
