// How both engines go about every question of the service, on tables of many thousand rows.
import { describe } from 'vitest'
import { plansContract } from './contract/plans.contract.ts'
import { embeddedOnly, scratchFile, scratchServer } from './support/scratch.ts'

describe('SQLite', () => {
  plansContract(scratchFile)
})
describe.skipIf(embeddedOnly)('MySQL or MariaDB', () => {
  plansContract(scratchServer)
})
