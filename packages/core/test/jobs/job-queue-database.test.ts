// The queue that the database carries, on both kinds of database.
import { afterAll } from 'vitest'
import { jobQueueContract } from '../contract/job-queue.contract.ts'
import { databaseRig, onServer, onSqlite } from './carried-rigs.ts'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'

const server = onServer()
afterAll(() => server.drop())

jobQueueContract('database on SQLite', () => databaseRig(onSqlite))
if (!EMBEDDED_ONLY) jobQueueContract('database on a server', () => databaseRig(server.scratch))
