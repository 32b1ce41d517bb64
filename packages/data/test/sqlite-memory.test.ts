// The database contract on SQLite in memory, which nobody else can open.
import { describe } from 'vitest'
import { databaseContract } from './contract/database.contract.ts'
import { scratchMemory } from './support/scratch.ts'

describe('SQLite in memory', () => {
  databaseContract(scratchMemory, { shared: false })
})
