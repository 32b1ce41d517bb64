// Small named values that all processes share: most are made once and then stand, such as the instance's id.
import { keepExisting } from './dialect.ts'
import { settings } from './schema.ts'
import type { Scope } from './scope.ts'

export interface Settings {
  find(name: string): Promise<string | undefined>
  /** Stores the value if there is none of this name. The value that stands, for all processes the same. */
  insertIfAbsent(name: string, value: string): Promise<string>
  /** Gives it another value where it still has the one that is `expected`. Of several who try at once one succeeds. */
  replace(name: string, change: { readonly expected: string; readonly value: string }): Promise<boolean>
}

export function settingsIn(scope: Scope): Settings {
  const { db } = scope

  async function find(name: string): Promise<string | undefined> {
    const stored = await db.selectFrom('settings').selectAll().where('name', '=', name).executeTakeFirst()
    return stored && settings.decode(stored).value
  }

  return {
    find,

    async insertIfAbsent(name, value) {
      await keepExisting(
        scope,
        db.insertInto('settings').values(settings.encode({ name, value })),
        'name',
      ).execute()
      return (await find(name)) ?? value
    },

    async replace(name, { expected, value }) {
      const { numUpdatedRows } = await db
        .updateTable('settings')
        .set({ value })
        .where('name', '=', name)
        .where('value', '=', expected)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },
  }
}
