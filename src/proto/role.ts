export type Role = 'client' | 'server';
