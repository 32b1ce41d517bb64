// A process that watches devices, so that it can be killed.
import { openDatabase } from '@org/data'
import { createServices, readConfig } from '../../src/index.ts'

const config = readConfig(process.env)
const database = await openDatabase(config.databaseUrl)
const services = await createServices(config, database, { role: 'worker' })
services.watchDevices()
