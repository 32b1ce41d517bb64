// A process of its own that holds the database of its argument alone, says so, and sleeps until it is ended.
import { openDatabase } from '../../src/index.ts'

const database = await openDatabase(process.argv[2] ?? '')
const hold = await database.holdAlone()
process.send?.(hold === undefined ? 'refused' : 'held')
setInterval(() => {}, 60_000)
