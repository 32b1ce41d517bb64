// A process of its own that opens the database of its argument and leaves: for starting several at once.
import { openDatabase } from '../../src/index.ts'

const database = await openDatabase(process.argv[2] ?? '')
await database.accounts.count()
await database.close()
