export type HashName = 'sha256' | 'sha384' | 'sha512';
export type AeadName =
  | 'aes-128-gcm'
  | 'aes-256-gcm'
  | 'chacha20-poly1305'
  | 'aes-128-ccm'
  | 'aes-256-ccm'
  | 'aes-128-ccm-8'
  | 'aes-256-ccm-8';
export type GroupName = 'x25519' | 'secp256r1' | 'secp384r1' | 'secp521r1' | 'x25519mlkem768';
export type CurveName = 'secp256r1' | 'secp384r1' | 'secp521r1';
/** Fills the given number of bytes; the only source of randomness in pure folders. */
export type Random = (length: number) => Uint8Array;

/** A hash under way. `digest` does not end it: the transcript goes on. */
export type RunningHash = { update(data: Uint8Array): void; digest(): Uint8Array; clone(): RunningHash };

/** A prepared HMAC key. */
export type Hmac = (...parts: readonly Uint8Array[]) => Uint8Array;

/** A prepared AEAD key. The tag (see `tagLength`) is at the end of the ciphertext; `open` gives undefined on a bad one. */
export type Aead = {
  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  open(nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined;
};

/** Our half of a key agreement; `agree` gives undefined when the peer's share is not valid (RFC 9846 §4.3.8.2, §7.4). */
export type KeyShare = { readonly share: Uint8Array; agree(peer: Uint8Array): Uint8Array | undefined };

/** The primitives a stack needs. All synchronous, all deterministic given `random`, keys prepared once. */
export type CryptoProvider = {
  /** "noble", "native", or what serves what ("native+noble(x25519mlkem768)"). */
  readonly name: string;
  hash(name: HashName): RunningHash;
  hmac(name: HashName, key: Uint8Array): Hmac;
  aead(name: AeadName, key: Uint8Array): Aead;
  /** Header protection / record number encryption: 5 or more mask bytes from a 16-byte sample (RFC 9001 §5.4, RFC 9147 §4.2.3). */
  headerMask(name: AeadName, key: Uint8Array): (sample: Uint8Array) => Uint8Array;
  /** Starts an agreement: the client's share, or the server's in a Diffie-Hellman group. */
  keyShare(group: GroupName, random: Random): KeyShare;
  /** The answering side, for groups with encapsulation too: our share and the secret, or undefined on an invalid share. */
  answerShare(
    group: GroupName,
    peer: Uint8Array,
    random: Random,
  ): { share: Uint8Array; secret: Uint8Array } | undefined;
  /** `publicKey`: an uncompressed point (EC) or 32 bytes (Ed25519); EC signatures are DER. */
  verifyEcdsa(
    curve: CurveName,
    hash: HashName,
    publicKey: Uint8Array,
    data: Uint8Array,
    signature: Uint8Array,
  ): boolean;
  verifyEd25519(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean;
  /** `privateKey`: the raw scalar (EC) or 32-byte seed (Ed25519). */
  signEcdsa(
    curve: CurveName,
    hash: HashName,
    privateKey: Uint8Array,
    data: Uint8Array,
    random: Random,
  ): Uint8Array;
  signEd25519(privateKey: Uint8Array, data: Uint8Array): Uint8Array;
  ed25519PublicKey(privateKey: Uint8Array): Uint8Array;
};
