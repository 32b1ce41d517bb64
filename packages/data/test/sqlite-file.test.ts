// The database contract on a SQLite file, opened by several at once.
import { describe } from 'vitest'
import { databaseContract } from './contract/database.contract.ts'
import { scratchFile } from './support/scratch.ts'

describe('SQLite in a file', () => {
  databaseContract(scratchFile, { shared: true })
})
