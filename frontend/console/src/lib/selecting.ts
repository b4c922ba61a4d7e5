// maxSelected is how many members, or login requests, can be selected at once.
export const maxSelected = 1000

// fits reports whether so many can be selected at once. If the total is a lower bound, nobody
// knows.
export const fits = (total: number, floor = false): boolean => !floor && total <= maxSelected
