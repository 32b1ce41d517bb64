// The database contract on the server of TEST_DATABASE_URL: MariaDB, or a MySQL elsewhere.
import { describe } from 'vitest'
import { databaseContract } from './contract/database.contract.ts'
import { embeddedOnly, scratchServer } from './support/scratch.ts'

describe.skipIf(embeddedOnly)('MySQL or MariaDB', () => {
  databaseContract(scratchServer, { shared: true })
})
