/** A POST as it lies on a request stream of HTTP/3: HEADERS of QPACK's static table (RFC 9204 appendix A), one DATA frame. */
export function postRequest(request: { authority: string; path: string; body: Uint8Array }): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  const fields = Buffer.concat([
    Buffer.from([0, 0]),
    // :method POST and :scheme https are in the table, the names :authority and :path too.
    Buffer.from([0xc0 | 20, 0xc0 | 23, 0x50]),
    text(request.authority),
    Buffer.from([0x51]),
    text(request.path),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(request.body.length + 0x8000_0000);
  return Buffer.concat([Buffer.from([1, fields.length]), fields, Buffer.from([0]), length, request.body]);
}
