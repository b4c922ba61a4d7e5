const pause = 2000 // milliseconds
const maxTimes = 10

type Answer = { only_beginnings?: boolean } | undefined

// searchAgain repeats a search whose answer has only beginnings of words so far: within
// seconds the server can find the other parts, or says again that it cannot. It must be
// called while a component is initialised.
export function searchAgain(answer: () => Answer, search: () => void): void {
  let times = 0
  $effect(() => {
    if (!answer()?.only_beginnings) times = 0
    else if (times++ < maxTimes) {
      const later = setTimeout(search, pause)
      return () => clearTimeout(later)
    }
  })
}
