// Both ways to run, for tests of operations whose behaviour must be the same in both.
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import type { Engine } from './scratch-service.ts'

const SECRETS = { JWT_SECRET: 'j'.repeat(40), ENCRYPTION_KEY: 'e'.repeat(40), DEVICE_LEASE_MS: '3000' }

/** A name, the database's engine, and what is to be set besides. */
export const MODES: readonly [string, Engine, () => Record<string, string>][] = [
  ['SQLite', 'sqlite', () => ({})],
  ...(EMBEDDED_ONLY
    ? []
    : ([
        ['MySQL with Redis', 'mysql', () => ({ REDIS_URL: serverUrl('TEST_REDIS_URL'), ...SECRETS })],
      ] satisfies [string, Engine, () => Record<string, string>][])),
]
