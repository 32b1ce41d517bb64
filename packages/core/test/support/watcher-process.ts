// A process that watches devices, so that it can be killed.
import { openDatabase } from '@org/data'
import { createServices, readConfig } from '../../src/index.ts'
import { testLog } from '../../../../scripts/toolchain/test-log.ts'

const config = readConfig(process.env)
const database = await openDatabase(config.databaseUrl)
const services = await createServices(config, database, { role: 'worker', log: testLog() })
services.watchDevices()
