// What a delivery fails with.

/** The error; rejects where there is none. */
export async function failureOf(sending: Promise<void>): Promise<Error> {
  const error: unknown = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Error)) throw new Error('it was delivered')
  return error
}
