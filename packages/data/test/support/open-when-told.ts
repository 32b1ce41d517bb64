// A process of its own that says that it is about to open the database of its argument, opens it, says so, and leaves: for ending it in
// the middle of a migration.
import { openDatabase } from '../../src/index.ts'

process.send?.('opening')
const database = await openDatabase(process.argv[2] ?? '')
await database.close()
process.send?.('opened')
process.disconnect()
