const file = (name: string): string => new URL(`../../fixtures/certs/${name}`, import.meta.url).pathname;

/** The certificate every peer here shows, and how to trust it. */
export const PKI = {
  authority: file('root.pem'),
  certificate: file('leaf-p256.pem'),
  key: file('leaf-p256.key'),
  /** What is also in `certificate`, for programs that take only the first one from there. */
  intermediate: file('intermediate.pem'),
  name: 'localhost',
};
