/**
 * Bytes by their offset in a stream, in blocks of fixed size: however small the pieces are and in whatever order they come, it
 * takes no more memory than the blocks they fall into.
 */
export type BlockStore = { readonly blocks: Map<number, Uint8Array>; dropped: number };

export function createBlockStore(): BlockStore {
  return { blocks: new Map(), dropped: 0 };
}

export function putBytes(store: BlockStore, offset: number, data: Uint8Array): void {
  let at = 0;
  while (at < data.length) {
    const index = Math.floor((offset + at) / BLOCK);
    const start = offset + at - index * BLOCK;
    const length = Math.min(BLOCK - start, data.length - at);
    let block = store.blocks.get(index);
    if (block === undefined) {
      block = new Uint8Array(BLOCK);
      store.blocks.set(index, block);
    }
    block.set(data.subarray(at, at + length), start);
    at += length;
  }
}

/** A copy of what was put there; zeros where nothing was. */
export function copyBytes(store: BlockStore, from: number, to: number): Uint8Array {
  const out = new Uint8Array(Math.max(0, to - from));
  let at = from;
  while (at < to) {
    const index = Math.floor(at / BLOCK);
    const start = at - index * BLOCK;
    const length = Math.min(BLOCK - start, to - at);
    const block = store.blocks.get(index);
    if (block !== undefined) out.set(block.subarray(start, start + length), at - from);
    at += length;
  }
  return out;
}

/** Nothing before `offset` is asked for any more. */
export function dropBytes(store: BlockStore, offset: number): void {
  const until = Math.floor(offset / BLOCK);
  for (let index = store.dropped; index < until; index++) store.blocks.delete(index);
  store.dropped = Math.max(store.dropped, until);
}

export function clearBytes(store: BlockStore): void {
  store.blocks.clear();
}

const BLOCK = 4096;
